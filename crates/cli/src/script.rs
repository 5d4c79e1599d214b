//! What verifying servers say in an explanation: answers from files, or how they fail.

use std::path::Path;

use usergrid_auth_core::verification::call::{AnswerBody, AnswerHeaders, CallOutcome, CallRequest};

use crate::args::Fault;
use crate::run::read;

/// The answers of a script: those about one application go before the others.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// To calls about one application, by the beginning of their path.
    of: Vec<(String, Vec<Answer>)>,
    /// To all other calls.
    others: Vec<Answer>,
    fault: Option<Fault>,
}

#[derive(Clone, Debug)]
struct Answer {
    status: u16,
    headers: AnswerHeaders,
    body: Vec<u8>,
}

impl Answers {
    /// Reads the answers that are given on the command line.
    ///
    /// # Errors
    /// A file cannot be read, or an application is not `ORG/APP=FILE`.
    pub fn read(
        files: &[impl AsRef<Path>],
        of: &[String],
        fault: Option<Fault>,
    ) -> Result<Self, String> {
        let mut answers = Self { fault, ..Self::default() };
        for file in files {
            answers.others.push(answer(&read(file.as_ref())?)?);
        }
        for given in of {
            let parts = given.split_once('=').filter(|(name, _)| name.contains('/'));
            let (application, file) =
                parts.ok_or("`--answer-of` takes ORG/APP=FILE, or another path=FILE")?;
            let start = format!("/{}/", application.trim_matches('/'));
            let answer = answer(&read(Path::new(file))?)?;
            match answers.of.iter_mut().find(|(known, _)| *known == start) {
                Some((_, list)) => list.push(answer),
                None => answers.of.push((start, vec![answer])),
            }
        }
        Ok(answers)
    }

    /// The next answer to a call. The last one serves again.
    pub fn next(&mut self, call: &CallRequest) -> Option<CallOutcome> {
        match self.fault {
            Some(Fault::Timeout) => return Some(CallOutcome::TimedOut),
            Some(Fault::Reset) => return Some(CallOutcome::Reset),
            Some(Fault::Unreachable) => return Some(CallOutcome::NotSent),
            None => {}
        }
        let path = call.headers.iter().find(|(name, _)| *name == ":path");
        let path = path.map(|(_, path)| path.as_str()).unwrap_or_default();
        let about = self.of.iter_mut().find(|(start, _)| path.starts_with(start.as_str()));
        let list = about.map_or(&mut self.others, |(_, list)| list);
        let answer = match list.len() {
            0 => return None,
            1 => list.first().cloned()?,
            _ => list.remove(0),
        };
        let body = if answer.body.len() > call.max_response_bytes {
            AnswerBody::TooLarge
        } else {
            AnswerBody::Complete(answer.body)
        };
        Some(CallOutcome::Answered { status: answer.status, headers: answer.headers, body })
    }
}

/// A body alone, which is answered with 200; or a whole answer, as `curl -i` prints it.
fn answer(text: &str) -> Result<Answer, String> {
    if !text.starts_with("HTTP/") {
        let headers = AnswerHeaders::default();
        return Ok(Answer { status: 200, headers, body: text.trim_end().into() });
    }
    let status = text.split([' ', '\r', '\n']).nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or("an answer that begins with `HTTP/` has no status there")?;
    let parts = text.split_once("\r\n\r\n").or_else(|| text.split_once("\n\n"));
    let (head, body) = parts.unwrap_or((text, ""));
    let values = |wanted: &'static str| {
        head.lines().skip(1).filter_map(move |line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case(wanted).then(|| value.trim().as_bytes())
        })
    };
    let headers = AnswerHeaders::new(values("retry-after").next(), values("www-authenticate"));
    Ok(Answer { status, headers, body: body.trim_end().into() })
}
