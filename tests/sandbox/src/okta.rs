//! An Okta org, as strict as the real one in all that the functions touch.
//!
//! <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/>

mod corrupt;
mod employee;
mod failure;
mod limits;
mod projection;
mod reach;
mod refuses;
mod search;
mod token;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, RawQuery, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use jiff::SignedDuration;
use serde_json::{Value, json};

pub use self::{corrupt::Corrupt, employee::Employee, reach::Hidden, refuses::Refuses};
use self::{
    failure::{Failure, NOT_FOUND},
    limits::Limits,
    refuses::Touched,
    token::{Etags, Rights},
};
use crate::{
    clock::Clock,
    line::Identity,
    server::{Health, listen_as, lock, serve_vendor},
};

/// The org's only API token.
pub const API_TOKEN: &str = "00sandbox-api-token";

/// The most users on a page.
const PAGE: usize = 200;

/// An Okta org.
#[derive(Clone)]
pub struct Okta {
    /// How it is doing.
    pub health: Health,
    employees: Arc<Mutex<Vec<Employee>>>,
    /// What searches go on to find, whatever has changed.
    index: Arc<Mutex<Option<Vec<Employee>>>>,
    /// The attributes that a profile can have.
    schema: Arc<Mutex<Vec<String>>>,
    /// Whether each page of a list names a next one.
    lists_for_ever: Arc<AtomicBool>,
    /// What the token may do.
    rights: Arc<Mutex<Rights>>,
    /// How often the token may ask, where that is limited.
    limits: Arc<Mutex<Option<Limits>>>,
    /// How many writes to profiles were accepted.
    writes: Arc<AtomicUsize>,
    clock: Clock,
    url: String,
}

type Reply = Result<Response, Failure>;

impl Okta {
    pub(crate) async fn start(identity: Option<&Identity>, clock: &Clock) -> anyhow::Result<Self> {
        let health = Health::new(clock);
        let (line, url) = listen_as(identity, &health).await?;
        let schema =
            ["firstName", "lastName", "displayName", "email", "mobilePhone", "primaryPhone", "department"];
        let schema = Arc::new(Mutex::new(schema.map(ToOwned::to_owned).into()));
        let rights = Arc::new(Mutex::new(Rights::all()));
        let (employees, index, lists_for_ever) = (Arc::default(), Arc::default(), Arc::default());
        let (limits, writes, clock) = (Arc::default(), Arc::default(), clock.clone());
        let okta =
            Self { health, employees, index, schema, lists_for_ever, rights, limits, writes, clock, url };
        let router = Router::new()
            .route("/api/v1/users", get(list))
            .route("/api/v1/users/{id}", get(read).post(update))
            .fallback(async || Failure::new(StatusCode::NOT_FOUND, "E0000022", "The endpoint does not exist"))
            .method_not_allowed_fallback(async || {
                Failure::new(
                    StatusCode::METHOD_NOT_ALLOWED,
                    "E0000022",
                    "The endpoint does not support the method",
                )
            })
            .layer(middleware::from_fn_with_state(okta.clone(), authenticate))
            .route("/.well-known/okta-organization", get(organization))
            .with_state(okta.clone());
        serve_vendor(line, &okta.health, router);
        Ok(okta)
    }

    /// The org's address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Adds an attribute to the schema of profiles.
    pub fn adds_attribute(&self, name: &str) {
        lock(&self.schema).push(name.to_owned());
    }

    /// Hires someone.
    pub fn hire(&self, employee: Employee) {
        lock(&self.employees).push(employee);
    }

    /// Lets searches find, from now on, what there is at this moment: Okta's index is behind.
    pub fn searches_lag(&self) {
        *lock(&self.index) = Some(self.visible());
    }

    /// Lets each page of a list name a next one, from now on.
    pub fn lists_for_ever(&self) {
        self.lists_for_ever.store(true, Ordering::Relaxed);
    }

    /// Sets somebody's status, like `SUSPENDED`.
    ///
    /// # Panics
    ///
    /// If nobody has the first name.
    pub fn set_status(&self, first_name: &str, status: &'static str) {
        self.change(first_name, |employee| employee.status = status);
    }

    /// Deactivates somebody, as of so many days ago.
    ///
    /// # Panics
    ///
    /// If nobody has the first name.
    pub fn leaves(&self, first_name: &str, days_ago: i64) {
        let left = self.clock.now() - SignedDuration::from_hours(24 * days_ago);
        self.change(first_name, |employee| employee.leave(left));
    }

    /// Forgets somebody.
    pub fn deletes(&self, first_name: &str) {
        lock(&self.employees).retain(|it| it.profile["firstName"] != first_name);
    }

    /// Lets another system, like Active Directory, be the source of an attribute.
    ///
    /// # Panics
    ///
    /// If nobody has the first name.
    pub fn is_mastered_elsewhere(&self, first_name: &str, attribute: &'static str) {
        self.change(first_name, |employee| employee.mastered_elsewhere.push(attribute));
    }

    /// Refuses, from now on, to write one person's profile, while those of all others can be written.
    ///
    /// # Panics
    ///
    /// If nobody has the first name.
    pub fn refuses_writes_to(&self, first_name: &str, why: Refuses) {
        self.change(first_name, |employee| employee.refuses = Some(why));
    }

    /// Writes one person's profile again.
    ///
    /// # Panics
    ///
    /// If nobody has the first name.
    pub fn takes_writes_to(&self, first_name: &str) {
        self.change(first_name, |employee| employee.refuses = None);
    }

    /// Lets Okta say of somebody, from now on, what nobody can read.
    ///
    /// # Panics
    ///
    /// If nobody has the first name.
    pub fn corrupts(&self, first_name: &str, corrupt: Corrupt) {
        self.change(first_name, |employee| employee.corrupt = Some(corrupt));
    }

    /// Sets an attribute in somebody's profile, as an administrator would.
    ///
    /// # Panics
    ///
    /// If nobody has the first name.
    pub fn set(&self, first_name: &str, attribute: &str, value: impl Into<Value>) {
        self.change(first_name, |employee| employee.set(attribute, value.into()));
    }

    /// What an attribute in somebody's profile says.
    ///
    /// # Panics
    ///
    /// If nobody has the first name.
    #[must_use]
    pub fn profile(&self, first_name: &str, attribute: &str) -> Option<String> {
        let mut value = None;
        self.change(first_name, |employee| value = employee.profile.get(attribute).cloned());
        value?.as_str().map(ToOwned::to_owned)
    }

    /// Everybody who ever worked here and has not been forgotten.
    #[must_use]
    pub fn everybody(&self) -> Vec<Employee> {
        lock(&self.employees).clone()
    }

    /// How many writes to profiles were accepted so far. Those that change no value are among them.
    #[must_use]
    pub fn writes(&self) -> usize {
        self.writes.load(Ordering::Relaxed)
    }

    fn change(&self, first_name: &str, change: impl FnOnce(&mut Employee)) {
        let mut employees = lock(&self.employees);
        let employee = employees.iter_mut().find(|it| it.profile["firstName"] == first_name);
        change(employee.expect("somebody has this first name"));
    }
}

/// What Okta tells everybody.
async fn organization() -> Json<Value> {
    Json(json!({ "id": "00osandbox", "pipeline": "idx", "_links": {}, "settings": {} }))
}

async fn authenticate(State(okta): State<Okta>, request: Request, next: Next) -> Reply {
    let authorization = request.headers().get(header::AUTHORIZATION).map(HeaderValue::as_bytes);
    if authorization != Some(format!("SSWS {API_TOKEN}").as_bytes()) {
        return Err(Failure::new(StatusCode::UNAUTHORIZED, "E0000011", "Invalid token provided"));
    }
    if request.headers().get(header::ACCEPT).is_none_or(|accept| accept != "application/json") {
        return Err(Failure::new(
            StatusCode::BAD_REQUEST,
            "E0000018",
            "Bad request. Accept and/or Content-Type headers",
        ));
    }
    let Rights { may_write, requests_left, .. } = *lock(&okta.rights);
    if !may_write && request.method() != Method::GET {
        return Err(Failure::new(
            StatusCode::FORBIDDEN,
            "E0000006",
            "You do not have permission to perform the requested action",
        ));
    }
    let (method, path, now) = (request.method(), request.uri().path(), okta.clock.now());
    let standing = lock(&okta.limits).as_mut().map(|it| it.count(method, path, now));
    let standing = standing.unwrap_or(limits::Standing::unlimited(requests_left));
    let mut response = match standing.refusal() {
        Some(refusal) => refusal.into_response(),
        None => next.run(request).await,
    };
    for (name, value) in standing.headers() {
        response.headers_mut().insert(name, value.into());
    }
    Ok(response)
}

async fn list(State(okta): State<Okta>, RawQuery(query): RawQuery) -> Reply {
    let query: Vec<(String, String)> =
        serde_urlencoded::from_str(&query.unwrap_or_default()).unwrap_or_default();
    let parameter = |name: &str| query.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str());
    let number = |name: &str, default| parameter(name).map_or(Ok(default), str::parse::<usize>);
    let (Ok(limit), Ok(after)) = (number("limit", PAGE), number("after", 0)) else {
        return Err(Failure::new(StatusCode::BAD_REQUEST, "E0000001", "Api validation failed: limit"));
    };
    let limit = limit.clamp(1, PAGE);
    let index = lock(&okta.index).clone().filter(|_| parameter("search").is_some());
    let employees = index.unwrap_or_else(|| okta.visible());
    let matching: Vec<_> = match parameter("search") {
        Some(search) => {
            let search = search::Search::parse(search).ok_or(Failure::new(
                StatusCode::BAD_REQUEST,
                "E0000031",
                "Invalid search criteria.",
            ))?;
            if let Some(status) = lock(&okta.rights).conditions.filter(|_| search.has_or()) {
                return Err(Failure::new(status, "E0000031", "Invalid search criteria."));
            }
            employees.iter().filter(|it| search.finds(it)).collect()
        }
        None => employees.iter().filter(|it| it.status != "DEPROVISIONED").collect(),
    };
    let fields = parameter("fields");
    let page: Vec<_> =
        matching.iter().skip(after).take(limit).map(|it| projection::project(it.json(), fields)).collect();
    let mut response = corrupt::answer(&page.into());
    let link = |after: usize, relation: &str| {
        let others = query.iter().filter(|(name, _)| name != "after");
        let mut link = url::Url::parse(okta.url()).expect("a URL");
        link.set_path("/api/v1/users");
        link.query_pairs_mut().extend_pairs(others).append_pair("after", &after.to_string());
        HeaderValue::from_str(&format!(r#"<{link}>; rel="{relation}""#)).expect("a header")
    };
    // Two lines, as Okta does it, not one with a comma.
    response.headers_mut().append(header::LINK, link(after, "self"));
    if after + limit < matching.len() || okta.lists_for_ever.load(Ordering::Relaxed) {
        response.headers_mut().append(header::LINK, link(after + limit, "next"));
    }
    Ok(response)
}

async fn read(State(okta): State<Okta>, Path(id): Path<String>) -> Reply {
    let employees = lock(&okta.employees);
    let employee = employees.iter().find(|it| it.id() == id || it.profile["login"] == id).ok_or(NOT_FOUND)?;
    employee.check_reach()?;
    let mut response = corrupt::answer(&employee.json());
    if lock(&okta.rights).etags == Etags::Told {
        let etag = employee.etag().parse().expect("it is plain ASCII");
        response.headers_mut().insert(header::ETAG, etag);
    }
    Ok(response)
}

async fn update(State(okta): State<Okta>, Path(id): Path<String>, headers: HeaderMap, body: Bytes) -> Reply {
    let mut employees = lock(&okta.employees);
    let employee = employees.iter_mut().find(|it| it.id() == id).ok_or(NOT_FOUND)?;
    employee.check_reach()?;
    let content_type = headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    if !content_type.starts_with(b"application/json") {
        return Err(Failure::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "E0000021",
            "Bad request. Unsupported media type.",
        ));
    }
    employee.check_right()?;
    if headers.get(header::IF_MATCH).is_some_and(|etag| etag != employee.etag().as_str()) {
        return Err(Failure::new(StatusCode::PRECONDITION_FAILED, "E0000231", "The ETag is stale"));
    }
    if employee.status == "DEPROVISIONED" && !lock(&okta.rights).edits_leavers {
        return Err(Failure::new(
            StatusCode::FORBIDDEN,
            "E0000038",
            "Not allowed in the user's current status.",
        ));
    }
    let Some(Value::Object(profile)) =
        serde_json::from_slice::<Value>(&body).ok().map(|mut it| it["profile"].take())
    else {
        return Err(Failure::new(
            StatusCode::BAD_REQUEST,
            "E0000003",
            "The request body was not well-formed.",
        ));
    };
    if profile.keys().any(|attribute| !lock(&okta.schema).contains(attribute)) {
        return Err(refuses::UNDEFINED);
    }
    let touched = Touched { profile: &profile, no_ops_on_mastered: lock(&okta.rights).no_ops_on_mastered };
    employee.check_write(&touched)?;
    if profile.values().any(|value| value.as_str().is_some_and(|text| text.len() > 100)) {
        return Err(Failure::new(StatusCode::BAD_REQUEST, "E0000001", "Api validation failed: profile"));
    }
    okta.writes.fetch_add(1, Ordering::Relaxed);
    if !headers.contains_key(header::IF_MATCH) && lock(&okta.rights).loses_write() {
        return Ok(corrupt::answer(&employee.json()));
    }
    for (attribute, value) in profile {
        employee.set(&attribute, value);
    }
    Ok(corrupt::answer(&employee.json()))
}
