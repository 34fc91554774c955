//! One row for everybody who has a mobile or a number, and for every number that nobody has.

use std::collections::{HashMap, HashSet};

use provisioner::{Change, Provisioner, Step, Survey, Unusable};
use serde::Serialize;
use twilify::{
    CompanyNumber, Employee, EmployeeId, Status,
    twilio::{OwnedNumber, Owner},
};

use crate::terminal::masked;

/// A person and their number, or a number without a person.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    /// Who they are in Okta.
    employee: Option<String>,
    /// What they are called, or what the number is kept for.
    name: String,
    company_number: Option<String>,
    mobile: Option<String>,
    /// For finding people by it.
    #[serde(skip)]
    mobile_in_full: Option<String>,
    /// Where calls and texts to the number lead: `here`, `elsewhere` or `nowhere`.
    leads: Option<&'static str>,
    /// What is wrong, or will be changed by the next run.
    findings: Vec<String>,
}

impl Row {
    pub(super) const HEADINGS: [&'static str; 6] =
        ["employee", "name", "company number", "mobile", "leads", "findings"];

    /// The cells for a spreadsheet, which would take a name that begins like a formula for one.
    pub(super) fn spreadsheet_cells(&self) -> [String; 6] {
        let mut cells = self.cells();
        if self.name.starts_with(['=', '+', '-', '@']) {
            cells[1].insert(0, '\'');
        }
        cells
    }

    pub(super) fn cells(&self) -> [String; 6] {
        let Self { employee, name, company_number, mobile, leads, findings, .. } = self;
        [
            employee.clone().unwrap_or_default(),
            name.clone(),
            company_number.clone().unwrap_or_default(),
            mobile.clone().unwrap_or_default(),
            leads.unwrap_or_default().to_owned(),
            findings.join("; "),
        ]
    }

    /// Whether the name or a number has `text` in it. Of numbers only the digits count.
    pub(super) fn is_about(&self, text: &str) -> bool {
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let number = Some(digits(text)).filter(|_| !text.contains(char::is_alphabetic)).unwrap_or_default();
        let has = |it: &Option<String>| it.as_ref().is_some_and(|it| digits(it).contains(&number));
        self.name.to_lowercase().contains(&text.to_lowercase())
            || (!number.is_empty() && (has(&self.company_number) || has(&self.mobile_in_full)))
    }
}

/// All rows: people by their names, then the numbers that are left.
pub(super) fn rows(survey: &Survey, provisioner: &Provisioner, show: bool) -> Vec<Row> {
    let view = View::of(survey, provisioner, show);
    let (mut rows, mut shown) = (Vec::new(), HashSet::new());
    for employee in &survey.world.employees {
        let numbers = view.numbers_of(employee);
        shown.extend(numbers.iter().map(|it| it.number.as_e164()));
        if !numbers.is_empty() {
            rows.extend(numbers.into_iter().map(|number| view.employee(employee, Some(number))));
        } else if employee.status != Status::Left
            && (employee.mobile.is_some() || employee.company_number.is_some())
        {
            rows.push(view.employee(employee, None));
        }
    }
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    let others = survey.world.numbers.iter().filter(|it| !shown.contains(it.number.as_e164()));
    rows.extend(others.map(|number| view.number(number)));
    rows
}

/// What was seen, looked at from all sides.
struct View<'a> {
    provisioner: &'a Provisioner,
    show: bool,
    numbers: HashMap<&'a str, &'a OwnedNumber>,
    by_owner: HashMap<EmployeeId, Vec<&'a OwnedNumber>>,
    /// Who names each number in their profile.
    claims: HashMap<CompanyNumber, Vec<&'a Employee>>,
    refused: HashMap<&'a EmployeeId, Unusable>,
    steps: HashMap<&'a EmployeeId, Vec<&'a Step>>,
    steps_on: HashMap<&'a str, Vec<&'a Step>>,
    postponed: HashSet<&'a EmployeeId>,
}

impl<'a> View<'a> {
    fn of(survey: &'a Survey, provisioner: &'a Provisioner, show: bool) -> Self {
        let Survey { world, plan, .. } = survey;
        let mut view = Self {
            provisioner,
            show,
            numbers: world.numbers.iter().map(|it| (it.number.as_e164(), it)).collect(),
            by_owner: HashMap::new(),
            claims: HashMap::new(),
            refused: plan.refused.iter().map(|(who, reason)| (&who.employee, *reason)).collect(),
            steps: HashMap::new(),
            steps_on: HashMap::new(),
            postponed: plan.postponed.iter().map(|who| &who.employee).collect(),
        };
        for number in &world.numbers {
            if let Owner::Employee(id) = number.label.owner() {
                view.by_owner.entry(id).or_default().push(number);
            }
        }
        for employee in world.employees.iter().filter(|it| it.status != Status::Left) {
            if let Some(number) = view.published(employee) {
                view.claims.entry(number).or_default().push(employee);
            }
        }
        for step in &plan.steps {
            view.steps.entry(&step.who.employee).or_default().push(step);
            if let Some(number) = step.change.number() {
                view.steps_on.entry(number).or_default().push(step);
            }
        }
        view
    }

    /// The number that a profile names, if it is one.
    fn published(&self, employee: &Employee) -> Option<CompanyNumber> {
        let typed = employee.company_number.as_ref()?;
        typed.without_extension(self.provisioner.territory.home).ok().map(CompanyNumber::new)
    }

    /// The account's numbers that carry an employee's label, or that their profile names.
    fn numbers_of(&self, employee: &Employee) -> Vec<&'a OwnedNumber> {
        let mut numbers = self.by_owner.get(&employee.id).cloned().unwrap_or_default();
        let published = self.published(employee).filter(|_| employee.status != Status::Left);
        let named = published.and_then(|number| self.numbers.get(number.as_e164()).copied());
        numbers.extend(named.filter(|named| !numbers.iter().any(|it| it.number == named.number)));
        numbers
    }

    fn employee(&self, employee: &Employee, number: Option<&OwnedNumber>) -> Row {
        let territory = &self.provisioner.territory;
        let mobile = employee.mobile.as_ref().map(|typed| typed.parse(territory.home));
        let shown = |mobile: &Result<_, _>| match mobile {
            Ok(mobile) => masked(mobile, self.show),
            Err(_) => "no phone number".to_owned(),
        };
        let published = employee.company_number.as_ref().map(|_| match self.published(employee) {
            Some(number) => number.as_e164().to_owned(),
            None => "no phone number".to_owned(),
        });
        Row {
            employee: Some(employee.id.0.clone()),
            name: employee.name.full(),
            company_number: number.map(|it| it.number.as_e164().to_owned()).or(published),
            mobile: mobile.as_ref().map(shown),
            mobile_in_full: mobile.and_then(Result::ok).map(String::from),
            leads: number.map(|number| self.leads(number)),
            findings: self.findings(employee, number),
        }
    }

    /// What is wrong with somebody's number and mobile.
    fn findings(&self, employee: &Employee, number: Option<&OwnedNumber>) -> Vec<String> {
        let mut findings = Vec::new();
        let status = match employee.status {
            Status::Working => None,
            Status::Paused => Some("does not work here at the moment"),
            Status::Left => Some("has left"),
        };
        findings.extend(status.map(ToOwned::to_owned));
        findings.extend(self.refused.get(&employee.id).map(|reason| format!("mobile unusable: {reason}")));
        findings.extend(self.unread(employee));
        match number {
            Some(number) => findings.extend(self.findings_on(employee, number)),
            None if self.published(employee).is_some() => {
                findings.push("not a number of this account".to_owned());
            }
            None => {}
        }
        let is_about_this = |step: &&&Step| match (&step.change, step.change.number(), number) {
            (Change::Clean(_), ..) | (_, None, _) | (_, _, None) => true,
            (_, Some(changed), Some(number)) => number.number.as_e164() == changed,
        };
        let steps = self.steps.get(&employee.id).into_iter().flatten().filter(is_about_this);
        findings.extend(steps.map(|step| format!("next run: {}", step.change.kind())));
        if self.postponed.contains(&employee.id) {
            findings.push("waits for a number".to_owned());
        }
        findings
    }

    /// What keeps the provisioner from changing the attribute for the company number.
    fn unread(&self, employee: &Employee) -> Option<String> {
        let (typed, home) = (employee.company_number.as_ref()?, self.provisioner.territory.home);
        match typed.without_extension(home) {
            Err(reason) => {
                Some(format!("company number unreadable: {reason}; empty the attribute to give them one"))
            }
            Ok(_) => typed
                .dialled(home)
                .is_err()
                .then(|| "company number with an extension, so the attribute is left as it is".to_owned()),
        }
    }

    /// What is wrong between somebody and a number.
    fn findings_on(&self, employee: &Employee, number: &OwnedNumber) -> Vec<String> {
        let mut findings = Vec::new();
        if self.published(employee).is_some_and(|published| published != number.number) {
            findings.push("spare: the profile names another number".to_owned());
        }
        match number.label.owner() {
            Owner::Employee(id) if id == employee.id => {}
            Owner::Employee(id) => findings.push(format!("has the label of {}", id.0)),
            Owner::Pool | Owner::Stranger => findings.push("unlabelled: has no label of theirs".to_owned()),
        }
        let claims = self.claims.get(&number.number).into_iter().flatten();
        let others: Vec<_> = claims.filter(|it| it.id != employee.id).map(|it| it.name.full()).collect();
        if !others.is_empty() {
            findings.push(format!("duplicate: is in the profile of {} as well", others.join(" and ")));
        }
        if number.is_stopped() {
            findings.push("has texted STOP to it, so gets no texts".to_owned());
        }
        findings
    }

    /// A number that nobody in the directory has.
    fn number(&self, number: &OwnedNumber) -> Row {
        let (employee, name, finding) = match number.label.owner() {
            Owner::Pool => (None, "(pool)", None),
            Owner::Stranger => (None, "(not ours)", Some("unlabelled, so left alone")),
            Owner::Employee(id) => {
                (Some(id.0), "(nobody)", Some("stranded: whoever has its label is not served"))
            }
        };
        let steps = self.steps_on.get(number.number.as_e164()).into_iter().flatten();
        let steps = steps.map(|step| format!("next run: {}", step.change.kind()));
        Row {
            employee,
            name: name.to_owned(),
            company_number: Some(number.number.as_e164().to_owned()),
            mobile: None,
            mobile_in_full: None,
            leads: Some(self.leads(number)),
            findings: finding.map(ToOwned::to_owned).into_iter().chain(steps).collect(),
        }
    }

    /// Where calls and texts to a number lead, as far as its URLs say.
    fn leads(&self, number: &OwnedNumber) -> &'static str {
        let is_here = |url: &str| url.starts_with(self.provisioner.settings.public_url.as_str());
        match (number.voice_url(), number.sms_url()) {
            _ if number.overridden => "elsewhere",
            (None, None) => "nowhere",
            (Some(voice), Some(sms)) if is_here(voice) && is_here(sms) => "here",
            _ => "elsewhere",
        }
    }
}
