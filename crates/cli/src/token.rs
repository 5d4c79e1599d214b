//! `token`: what a Usergrid token says by itself. The token is never printed.

use serde_json::{Value, json};
use usergrid_auth_config::Secret;
use usergrid_auth_core::credential::usergrid_token::{self, LifeTime, TokenProblem};
use usergrid_auth_core::time::UnixMillis;

/// How tokens of Usergrid begin, by category.
const CATEGORIES: [(&str, &str); 4] =
    [("YWMt", "access"), ("ZW0t", "e-mail"), ("cmUt", "refresh"), ("b2Yt", "offline")];

/// What a token says by itself, and whether it is signed with a salt.
///
/// Its UUID is not part of it: with the expiry and a salt that is known, it is the token.
#[derive(Clone, Debug)]
pub struct Told {
    category: Option<&'static str>,
    /// Of an access token that is whole.
    life: Option<LifeTime>,
    signature: Option<bool>,
    is_expired: bool,
}

/// Reads a token, which may stand behind `Authorization: Bearer`, at the time `now`.
#[must_use]
pub fn read(text: &str, salt: Option<&[u8]>, now: UnixMillis) -> Told {
    let token = text.split_whitespace().last().unwrap_or_default();
    let known = CATEGORIES.iter().find(|(start, _)| token.starts_with(start));
    let token = token.as_bytes();
    let life = usergrid_token::life_time(token);
    let check = |salt: Option<&Secret>| usergrid_token::check(token, salt, now);
    let salt = salt.filter(|_| life.is_some()).map(Secret::new);
    Told {
        category: known.map(|(_, category)| *category),
        life,
        signature: salt.map(|salt| check(Some(&salt)) != Err(TokenProblem::Malformed)),
        is_expired: check(None) == Err(TokenProblem::Expired),
    }
}

impl Told {
    /// Whether the filter's own check takes it.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.life.is_some() && !self.is_expired && self.signature != Some(false)
    }

    /// For people, a line for each thing.
    #[must_use]
    pub fn text(&self) -> String {
        let Some(life) = &self.life else {
            return match self.category {
                None => "no token of Usergrid: it begins like none\n".to_owned(),
                Some("access") => {
                    "category:  access\nmalformed: not 63 characters of base64url that hold a \
                     UUID of version 1, an expiry and a signature\n"
                        .to_owned()
                }
                Some(other) => {
                    format!("category:  {other}, which the filter takes from nobody\n")
                }
            };
        };
        let ends = match life.ends {
            None => "never".to_owned(),
            Some(ends) if self.is_expired => format!("{}, which has passed", utc(ends)),
            Some(ends) => utc(ends),
        };
        let signature = match self.signature {
            None => "not checked; `--salt-env NAME` names the variable with the salt",
            Some(true) => "made with this salt",
            Some(false) => "not made with this salt: forged, or another Usergrid's",
        };
        let issued = utc(life.issued);
        format!(
            "category:  access\nuuid:      version 1, made of time and place\nissued:    {issued}\n\
             expires:   {ends}\nsignature: {signature}\n"
        )
    }

    /// For programs. Times are milliseconds since 1970.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "category": self.category,
            "well_formed": self.life.is_some(),
            "issued": self.life.map(|life| life.issued.0),
            "expires": self.life.and_then(|life| life.ends).map(|ends| ends.0),
            "expired": self.is_expired,
            "signature": self.signature,
        })
    }
}

/// A time as RFC 3339 writes it, to the second.
#[must_use]
pub fn utc(time: UnixMillis) -> String {
    let seconds = time.0 / 1000;
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Days of a year that begins in March, so that a leap day is the last (H. Hinnant).
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}Z", second % 60)
}
