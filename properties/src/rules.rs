//! Rules: the index finds what trying one after the other finds, the budget only ever refuses, and
//! no demand is silent where a permission of the same text would speak.

use usergrid_auth_rules::demand::{Demand, DemandRule, DemandRules, Methods, Readings};
use usergrid_auth_rules::path::RequestPath;
use usergrid_auth_rules::permission::{CheckedPath, Rule, RuleSet, heap_bytes};
use usergrid_auth_rules::steps::Steps;

const METHODS: [&[u8]; 6] = [b"GET", b"POST", b"PUT", b"DELETE", b"HEAD", b"PATCH"];
/// More than any of these cost.
const ENOUGH: usize = usize::MAX / 2;
/// Steps that rules of this size can use up.
const FEW: [usize; 4] = [1, 20, 100, 1_000];

/// Lines: rules, an empty one, then paths, each with a method's number in front.
pub fn hold(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.split('\n');
    let texts: Vec<&str> = lines.by_ref().take_while(|line| !line.is_empty()).take(40).collect();
    let rules: Vec<Rule> = texts.iter().filter_map(|text| Rule::parse(text).ok()).collect();
    for text in &texts {
        if let Ok(rule) = Rule::parse(text) {
            let most = text.len() * 4 + 64 * (1 + text.matches(',').count());
            assert!(rule.heap_bytes() <= most, "{} bytes for `{text}`", rule.heap_bytes());
        }
    }
    assert!(
        heap_bytes(&rules) <= 64 + rules.iter().map(|rule| rule.heap_bytes() + 64).sum::<usize>()
    );
    let set = RuleSet::new(rules.clone());
    let demands: Vec<(&str, DemandRule)> =
        texts.iter().filter_map(|text| Some((*text, DemandRule::parse(text).ok()?))).collect();
    let all = DemandRules::new(demands.iter().map(|(_, rule)| rule.clone()).collect());
    for line in lines.take(8) {
        let (number, path) = line.split_at(line.chars().next().map_or(0, char::len_utf8));
        let method =
            METHODS[usize::from(number.bytes().next().unwrap_or_default()) % METHODS.len()];
        one(&rules, &set, method, path);
        demanded(&demands, &all, method, path);
    }
}

fn one(rules: &[Rule], set: &RuleSet, method: &[u8], text: &str) {
    let path = CheckedPath::new(text);
    // Rules that are indexed are about nobody in particular.
    let allowed =
        |steps: &Steps| set.any(&path, steps, |rule| rule.allows(method, &path, &[], steps));
    let by_index = allowed(&Steps::new(ENOUGH));
    let steps = Steps::new(ENOUGH);
    let by_one = rules.iter().any(|rule| rule.allows(method, &path, &[], &steps));
    assert_eq!(by_index, by_one, "the index of `{text}`");
    for few in FEW {
        let steps = Steps::new(few);
        assert!(!allowed(&steps) || by_index, "the budget admits `{text}`");
        assert!(steps.left() <= few);
    }
    // A name is text: one of wildcards allows nothing that a name of letters does not.
    for rule in rules {
        let by_name = |name: &str| rule.allows(method, &path, &[name.to_owned()], &steps);
        if by_name("**") && !text.contains("**") {
            assert!(by_name("no-such-name"), "the name `**` is a pattern at `{text}`");
        }
    }
}

fn demanded(rules: &[(&str, DemandRule)], all: &DemandRules, method: &[u8], path: &str) {
    let Ok(path) = RequestPath::parse(path.as_bytes(), &[]) else { return };
    let readings = Readings::new(Methods::of(method), &path, true);
    let demand = |rules: &DemandRules, steps| rules.demand(&readings, &Steps::new(steps));
    let together = demand(all, ENOUGH);
    for (text, rule) in rules {
        let alone = demand(&DemandRules::new(vec![rule.clone()]), ENOUGH);
        assert!(alone == Demand::None || together != Demand::None, "lost among others: `{text}`");
        for few in FEW {
            let costly = demand(&DemandRules::new(vec![rule.clone()]), few);
            assert!(
                costly != Demand::None || alone == Demand::None,
                "the budget silences `{text}`"
            );
        }
        // Where the same text would allow, it demands.
        let Ok(permission) = Rule::parse(text) else { continue };
        let steps = Steps::new(ENOUGH);
        let allows = |reading: &CheckedPath<'_>| permission.allows(method, reading, &[], &steps);
        if path.whole().is_some_and(|all| all.iter().any(allows)) {
            assert!(alone != Demand::None, "`{text}` is silent at {:?}", path.application_label());
        }
    }
}
