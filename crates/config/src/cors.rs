//! `cors`: what browsers are told about refusals, and whether their preflights pass.

use std::rc::Rc;

use crate::notes::Reported;
use crate::reader::Value;
use crate::section::Section;

/// `cors.allow_origins`: the pages that may read refusals.
#[derive(Clone, Debug, Default)]
pub struct AllowedOrigins {
    /// Whether all may (`*`).
    any: bool,
    listed: Vec<Rc<str>>,
}

impl AllowedOrigins {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.any && self.listed.is_empty()
    }

    /// What a response to a page of this `origin` says in `Access-Control-Allow-Origin`: an entry of
    /// the list, never what the client wrote.
    #[must_use]
    pub fn get(&self, origin: &[u8]) -> Option<Rc<str>> {
        let listed = self.listed.iter().find(|listed| listed.as_bytes() == origin);
        listed.cloned().or_else(|| self.any.then(|| Rc::from("*")))
    }
}

/// What [`origin`] accepts, in the words of a message.
pub(crate) const AN_ORIGIN: &str =
    "an origin such as `https://app.example.com`, in lower case, without path and default port";

/// `cors.bypass_preflight` and `cors.allow_origins`.
pub(crate) fn cors(root: &Section<'_>) -> Result<(bool, AllowedOrigins), Reported> {
    let section = root.section("cors")?;
    let bypass_preflight = section.boolean("bypass_preflight");
    let mut origins = AllowedOrigins::default();
    let listed = section.items("allow_origins", |item| {
        match item.text()? {
            "*" => origins.any = true,
            text => origins.listed.push(origin(&item, text, &["`*` or ", AN_ORIGIN].concat())?),
        }
        Ok(())
    });
    section.names()?;
    listed?;
    Ok((bypass_preflight?, origins))
}

/// An origin as browsers write it (RFC 6454 section 6.2), since the two are compared as they stand.
/// `null` is none: any page can have that origin.
pub(crate) fn origin(item: &Value<'_>, text: &str, wanted: &str) -> Result<Rc<str>, Reported> {
    let host = ["https://", "http://"].into_iter().find_map(|scheme| text.strip_prefix(scheme));
    let default_port = if text.starts_with("https:") { ":443" } else { ":80" };
    let fits =
        |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase() || b".-:[]".contains(&byte);
    match host {
        Some(host)
            if !host.is_empty() && host.bytes().all(fits) && !host.ends_with(default_port) =>
        {
            Ok(Rc::from(text))
        }
        _ => Err(item.is_not(wanted)),
    }
}
