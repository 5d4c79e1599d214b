//! Rules that demand something, such as a scope, of whoever uses a path.
//!
//! Where a rule allows, silence refuses; here, silence would admit. So these rules match wider: in
//! every reading of the path, under every name that Usergrid knows for it, for every method that the
//! request may turn out to have. What cannot be judged for certain counts as matched.

mod methods;
mod plural;
mod readings;
mod spellings;

pub use methods::Methods;
pub use readings::Readings;

use crate::permission::ant::{ANY_NAME, Parameters};
use crate::permission::{CheckedPath, Rule, RuleError, RuleSet};
use crate::steps::Steps;

/// Segments by which rules are indexed: an organisation and an application. Only these have no
/// other spellings within a reading.
const INDEXED: usize = 2;

/// A rule that demands, over the whole path after the base path.
#[derive(Clone, Debug)]
pub struct DemandRule {
    /// As it is written.
    own: Rule,
    /// The names that Usergrid has for the same besides; often none.
    aliases: Option<Rule>,
}

/// Rules of which any may match, indexed.
#[derive(Clone, Debug, Default)]
pub struct DemandRules {
    own: RuleSet,
    aliases: RuleSet,
    /// The methods that any of them is about.
    methods: Methods,
}

/// Whether rules demand something of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// No rule matches any reading.
    None,
    /// A rule matches a reading.
    Matched,
    /// The path is unclear, and a rule is about the method. Nobody knows what a backend reads in
    /// such a path, so it counts as matched.
    Unclear,
    /// The path is longer than 8192 bytes, or costs more steps to match than one request may. Such
    /// a request must be refused.
    TooCostly,
}

/// Whether the readings of a request agree about rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// No rule matches any reading.
    None,
    /// For every method it may have, every reading is matched by a rule.
    Every,
    /// Some are and some are not, or nobody knows: the path is unclear, too long or too costly.
    Disagree,
}

impl DemandRule {
    /// Compiles the text of a rule, such as `get:/acme/*/reports/**`.
    ///
    /// # Errors
    /// As for [`Rule::parse`], and where it would silently demand nothing: a `;`, `#`, backslash,
    /// dot segment or percent escape, which no path that is compared with it holds, and `${user}`.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        let own = Rule::parse_demand(text, spellings::own)?;
        let aliases = Rule::parse_demand(text, spellings::aliases)?;
        Ok(Self { own, aliases: aliases.has_paths().then_some(aliases) })
    }
}

impl DemandRules {
    /// Indexes `rules`, any of which may match.
    #[must_use]
    pub fn new(rules: Vec<DemandRule>) -> Self {
        let methods = rules.iter().map(|rule| rule.own.methods()).fold(Methods::NONE, Methods::or);
        let (own, aliases): (Vec<_>, Vec<_>) =
            rules.into_iter().map(|rule| (rule.own, rule.aliases)).unzip();
        let aliases = aliases.into_iter().flatten().collect();
        Self {
            own: RuleSet::indexed(own, INDEXED),
            aliases: RuleSet::indexed(aliases, INDEXED),
            methods,
        }
    }

    /// Whether there is no rule, so that nothing is ever demanded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.own.is_empty()
    }

    /// Whether a rule matches any reading of `request`, paid out of `steps`. Everything but
    /// [`Demand::None`] means that what the rules stand for is demanded.
    #[must_use]
    pub fn demand(&self, request: &Readings, steps: &Steps) -> Demand {
        if !self.methods.meet(request.methods()) {
            return Demand::None;
        }
        if !request.is_clear() {
            return Demand::Unclear;
        }
        if request.is_too_long() {
            return Demand::TooCostly;
        }
        let matched = request.all().any(|reading| {
            let matches = |rule: &Rule| {
                rule.methods().meet(request.methods())
                    && rule.matches_reading(reading.text, Parameters::MayBeCut, steps)
            };
            self.any(reading, steps, matches)
        });
        match (steps.are_used_up(), matched) {
            (true, _) => Demand::TooCostly,
            (false, true) => Demand::Matched,
            (false, false) => Demand::None,
        }
    }

    /// Whether all readings of `request` agree about the rules, paid out of `steps`. For rules that
    /// choose between two things of which neither is the safe one.
    #[must_use]
    pub fn agreement(&self, request: &Readings, steps: &Steps) -> Agreement {
        if self.is_empty() {
            return Agreement::None;
        }
        if !request.is_clear() {
            return Agreement::Disagree;
        }
        match self.demand(request, steps) {
            Demand::None => return Agreement::None,
            Demand::Matched => {}
            Demand::Unclear | Demand::TooCostly => return Agreement::Disagree,
        }
        let every = request.all().all(|reading| {
            request.methods().each().all(|method| {
                let matches = |rule: &Rule| {
                    rule.methods().hold(method)
                        && rule.matches_reading(reading.text, Parameters::MayBeCutEverywhere, steps)
                };
                self.any(reading, steps, matches)
            })
        });
        if every && !steps.are_used_up() { Agreement::Every } else { Agreement::Disagree }
    }

    /// Whether a rule that could match `reading` passes `test`.
    fn any(
        &self,
        reading: readings::Reading<'_>,
        steps: &Steps,
        test: impl Fn(&Rule) -> bool,
    ) -> bool {
        any(&self.own, reading.text, steps, &test)
            || (reading.is_usergrids && any(&self.aliases, reading.text, steps, &test))
    }
}

fn any(rules: &RuleSet, reading: &str, steps: &Steps, test: impl Fn(&Rule) -> bool) -> bool {
    if rules.is_empty() {
        return false;
    }
    let first = || reading.split('/').filter(|segment| !segment.is_empty()).take(INDEXED);
    if first().any(|segment| segment == ANY_NAME) {
        // It may begin in any way.
        return rules.rules().iter().any(|rule| steps.take(1) && test(rule));
    }
    let cut = first().map(|segment| segment.split(';').next().unwrap_or_default());
    rules.any(&CheckedPath::from_segments(cut), steps, test)
}
