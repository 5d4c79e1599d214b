//! What happens to the verifying server and to the configuration during a round, one thing after
//! another.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Value, json};

use crate::harness::wait;
use crate::servers::stub::answer::{Answer, Answers, Fault, Trouble};
use crate::servers::stub::introspection::Introspection;
use crate::site::live::Live;

/// How long a trouble lasts. Clients cannot know that it is over before their next call, so what
/// matters is that some calls end in it and others begin in it.
const LENGTH: Duration = Duration::from_secs(1);
/// After a trouble, requests may go on failing until calls have timed out, breakers have been open
/// and have probed.
const AFTERMATH: Duration = Duration::from_secs(3);
/// The name of the second verifying server's cluster.
pub const SECOND: &str = "second";

/// When the verifying server was in trouble, as clients need to know it.
#[derive(Debug)]
pub struct Weather {
    began: Instant,
    /// In milliseconds since `began`; a time far off while trouble lasts.
    bad_until: AtomicU64,
}

impl Default for Weather {
    fn default() -> Self {
        Self { began: Instant::now(), bad_until: AtomicU64::new(0) }
    }
}

impl Weather {
    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn turn_bad(&self) {
        self.bad_until.store(u64::MAX, Ordering::SeqCst);
    }

    fn turn_good(&self) {
        let aftermath = u64::try_from(AFTERMATH.as_millis()).unwrap_or_default();
        self.bad_until.store(self.now() + aftermath, Ordering::SeqCst);
    }

    /// Whether it is good now. All was well with a request if it was at its beginning and at its
    /// end: bad weather lasts longer than any request.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.now() > self.bad_until.load(Ordering::SeqCst)
    }
}

enum Course {
    Trouble(Trouble),
    /// Nobody listens.
    Down,
}

fn courses() -> Vec<Course> {
    let answers = |answer: Answer| Course::Trouble(Trouble::Answers(Box::new(answer)));
    vec![
        Course::Trouble(Trouble::Slow(300)),
        answers(Answer { status: Some(500), ..Answer::default() }),
        answers(Answer { fault: Some(Fault::Reset), ..Answer::default() }),
        answers(Answer { fault: Some(Fault::Hang), ..Answer::default() }),
        Course::Down,
    ]
}

/// What the configuration becomes, in turn.
fn configurations() -> [Value; 4] {
    let rule = |pattern: &str| json!({ "applications": [pattern], "permissions": ["get:/**"] });
    [
        json!({ "guest": [rule("*/sandbox"), rule("acme/annex")] }),
        json!({ "introspection": { "cluster": SECOND } }),
        json!({ "cache": { "stale_if_error": "5s", "refresh_ahead": "300ms" } }),
        json!({}),
    ]
}

/// Everything that can be changed from outside.
pub struct World<'a> {
    /// Envoy and the first verifying server.
    pub live: &'a mut Live,
    /// The second one.
    pub second: &'a Introspection,
    /// What both say.
    pub answers: &'a Answers,
    /// What clients are told.
    pub weather: &'a Weather,
    /// How many configurations there have been.
    pub updates: &'a mut usize,
}

impl World<'_> {
    /// One round: every trouble once, a new configuration after each, and a broken one. Ends early
    /// if `over`.
    ///
    /// # Errors
    /// If Envoy takes a broken configuration, or none.
    pub fn round(&mut self, over: &AtomicBool) -> Result<()> {
        for course in courses() {
            if over.load(Ordering::SeqCst) {
                return Ok(());
            }
            self.weather.turn_bad();
            self.suffer(course)?;
            self.weather.turn_good();
            // Once within the aftermath, and once in good weather.
            self.update()?;
            wait::until("good weather", || Ok(self.weather.is_good().then_some(())))?;
            std::thread::sleep(LENGTH / 2);
        }
        self.live.reject(&json!({ "introspection": { "timeout": "soon" } }))?;
        self.update()
    }

    fn suffer(&mut self, course: Course) -> Result<()> {
        match course {
            Course::Trouble(trouble) => {
                self.live.site.introspection.trouble(Some(trouble.clone()));
                self.second.trouble(Some(trouble));
                // The length of the trouble is part of the test.
                std::thread::sleep(LENGTH);
                self.live.site.introspection.trouble(None);
                self.second.trouble(None);
            }
            Course::Down => {
                let address = self.live.site.introspection.address();
                let anywhere = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
                let nobody = Introspection::start(anywhere, Answers::default())?;
                drop(std::mem::replace(&mut self.live.site.introspection, nobody));
                std::thread::sleep(LENGTH);
                let again = wait::until("the address to be free", || {
                    Ok(Introspection::start(address, self.answers.clone()).ok())
                })?;
                again.keep_none();
                self.live.site.introspection = again;
            }
        }
        Ok(())
    }

    fn update(&mut self) -> Result<()> {
        let configurations = configurations();
        let next = configurations.iter().cycle().nth(*self.updates).cloned().unwrap_or_default();
        *self.updates += 1;
        self.live.update(&next)
    }
}
