//! Where a claim stands in an answer: a member, or what a JSON pointer (RFC 6901) leads to.

use std::borrow::Cow;

use usergrid_auth_config::ClaimLimits;
use usergrid_auth_config::json::{Json, Object, Repeated};

use super::AnswerError;
use super::members::{self, Entries, Writing};

/// What stands where a claim is looked for.
#[derive(Clone, Copy)]
pub(super) enum Claim<'a> {
    /// Nothing: the answer does not say, since the last object on the way lacks the member.
    Absent,
    /// The way there leads through a value that has no such place. The answer says something that
    /// cannot be read, which must not count as silence: silence can mean that nothing is checked.
    Unusable,
    Found(&'a Json),
}

impl<'a> Claim<'a> {
    pub(super) fn found(self) -> Option<&'a Json> {
        match self {
            Self::Found(value) => Some(value),
            Self::Absent | Self::Unusable => None,
        }
    }

    /// As [`members::entries`].
    pub(super) fn entries(
        self,
        writing: Writing,
        limits: ClaimLimits,
    ) -> Result<Entries, AnswerError> {
        match self {
            Self::Unusable => Ok(Entries::Unusable),
            Self::Absent | Self::Found(_) => members::entries(self.found(), writing, limits),
        }
    }
}

/// What stands behind a `null`, and past the end of an array.
const NULL: &Json = &Json::Null;

/// The claim: the member of that name or, where the name begins with `/`, what it leads to as a
/// JSON pointer.
///
/// A `null` on the way is one at the end, and so is what an array is too short for: both say that
/// there is nothing, which is not silence. A user whose only list of tenants is empty has none.
///
/// The configuration bounds the steps of a pointer; each looks at one object or array, once.
///
/// # Errors
/// A member is repeated, also one on the way: two readers could find two values.
pub(super) fn claim<'a>(answer: &'a Object, name: &str) -> Result<Claim<'a>, Repeated> {
    let is = |found: Option<&'a Json>| found.map_or(Claim::Absent, Claim::Found);
    let Some(pointer) = name.strip_prefix('/') else { return Ok(is(answer.get(name)?)) };
    let mut steps = pointer.split('/');
    let first = steps.next().unwrap_or_default();
    let mut found = answer.get(&unescaped(first))?;
    for step in steps {
        found = match found {
            None => return Ok(Claim::Absent),
            Some(Json::Null) => return Ok(Claim::Found(NULL)),
            Some(Json::Object(object)) => object.get(&unescaped(step))?,
            Some(Json::Array(items)) => match place(step) {
                Some(place) => items.get(place).or(Some(NULL)),
                None => return Ok(Claim::Unusable),
            },
            Some(Json::Bool(_) | Json::Number(_) | Json::String(_)) => return Ok(Claim::Unusable),
        };
    }
    Ok(is(found))
}

fn unescaped(step: &str) -> Cow<'_, str> {
    if step.contains('~') {
        Cow::Owned(step.replace("~1", "/").replace("~0", "~"))
    } else {
        Cow::Borrowed(step)
    }
}

/// The place that a step names in an array: digits without leading zeros. One that cannot be
/// counted is past every end.
fn place(step: &str) -> Option<usize> {
    let is_place = !step.is_empty()
        && step.bytes().all(|byte| byte.is_ascii_digit())
        && (step == "0" || !step.starts_with('0'));
    is_place.then(|| step.parse().unwrap_or(usize::MAX))
}
