//! `fields=id,status,profile:(firstName,lastName)`: the part of a user that was asked for.

use serde_json::Value;

/// `user` without what `fields` does not name; the id is always there.
pub(super) fn project(mut user: Value, fields: Option<&str>) -> Value {
    let Some(fields) = fields else { return user };
    let (outer, inner) = match fields.split_once("profile:(") {
        Some((outer, inner)) => (outer, inner.split_once(')').map_or(inner, |(inner, _)| inner)),
        None => (fields, ""),
    };
    let named = |list: &str, name: &str| list.split(',').any(|it| it.trim() == name);
    let keep_profile = !inner.is_empty();
    if let Value::Object(user) = &mut user {
        user.retain(|name, _| name == "id" || named(outer, name) || (name == "profile" && keep_profile));
    }
    if let Some(Value::Object(profile)) = user.get_mut("profile") {
        profile.retain(|name, _| named(inner, name));
    }
    user
}
