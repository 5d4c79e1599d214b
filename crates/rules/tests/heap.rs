//! What compiled rules and paths hold of the heap, as an allocator counts it.

#![allow(clippy::arithmetic_side_effects, reason = "a test that overflows is a test that fails")]

use std::rc::Rc;

use allocation_counter::measure;
use usergrid_auth_rules::path::{BrokenPath, RequestPath, Routes, SparePath};
use usergrid_auth_rules::permission::{Rule, heap_bytes};

/// Rules of eight kilobytes and less, ordinary ones and those that were worst for one form or another.
fn lists() -> Vec<Vec<String>> {
    let list = |count: usize, text: &dyn Fn(usize) -> String| (0..count).map(text).collect();
    vec![
        Vec::new(),
        list(1, &|_| "*:*".to_owned()),
        list(256, &|n| format!("get,post:/collection{n}/**")),
        list(256, &|n| format!("get,put:/users/${{user}}/list{n},/users/me/list{n}/*")),
        list(256, &|_| "a".to_owned()),
        list(8, &|_| format!("get:{}", "a,".repeat(500))),
        list(8, &|_| format!("get:{}", "*,".repeat(500))),
        list(8, &|_| format!("get:{}", "a?".repeat(500))),
        list(8, &|_| format!("get:{}", "/*".repeat(500))),
        list(8, &|_| format!("get:{}", "/**".repeat(333))),
        list(8, &|_| format!("get:{}/*", "/me".repeat(333))),
        list(8, &|_| format!("get:{}", "/me/,".repeat(200))),
        list(8, &|_| format!("get:{}", "${user}".repeat(140))),
        list(8, &|_| format!("get:{}*", "${user}".repeat(140))),
        list(8, &|_| format!("get:{}*", "{x}".repeat(333))),
        list(8, &|_| format!("get:{}*", "\u{e9}".repeat(500))),
    ]
}

#[test]
fn heap_bytes_are_an_upper_bound() {
    for texts in lists() {
        for text in texts.iter().take(1) {
            let mut rule = None;
            let counted = measure(|| rule = Rule::parse(text).ok());
            let told = rule.map(|rule| rule.heap_bytes()).unwrap_or_default();
            assert!(counted.bytes_current <= i64::try_from(told).unwrap(), "{text}: {counted:?}");
        }
        let mut rules: Option<Rc<[Rule]>> = None;
        let counted = measure(|| {
            rules = Some(texts.iter().map(|text| Rule::parse(text).unwrap()).collect());
        });
        let told = rules.map(|rules| heap_bytes(&rules)).unwrap_or_default();
        let counted = usize::try_from(counted.bytes_current).unwrap();
        assert!(counted <= told, "{:?}: {counted} of {told}", texts.first());
        // And not far from it.
        assert!(
            told <= counted + 16 * (texts.len() + 1),
            "{:?}: {counted} of {told}",
            texts.first()
        );
    }
}

/// A server decides what rules a principal has: they must not become many times what was sent.
#[test]
fn compiled_rules_hold_four_times_their_text_at_most() {
    for texts in lists() {
        let rules: Vec<Rule> = texts.iter().map(|text| Rule::parse(text).unwrap()).collect();
        let length: usize = texts.iter().map(String::len).sum();
        // Each has a place in the list and a block of its own.
        let for_each = size_of::<Rule>() + 32;
        let most = 4 * length + for_each * (texts.len() + 1);
        assert!(heap_bytes(&rules) <= most, "{:?}: {}", texts.first(), heap_bytes(&rules));
    }
}

fn read(path: &str, spare: &mut SparePath) -> Result<RequestPath, BrokenPath> {
    RequestPath::parse_in(spare, Routes::Usergrid, path.as_bytes(), &[])
}

/// A worker keeps the memory of one path for the next: of usual ones all, of longer ones less.
#[test]
fn a_usual_path_is_read_in_the_memory_of_the_last_one() {
    let name = |length: usize| "n".repeat(length);
    let of_bytes = |bytes: usize| format!("/acme/shop/{}", name(bytes - "/acme/shop/".len()));
    for (usual, longer) in [
        (of_bytes(512), of_bytes(513)),
        ("/x".repeat(16), "/x".repeat(17)),
        (format!("/{}/shop", name(128)), format!("/{}/shop", name(129))),
        (format!("/acme/{}", name(128)), format!("/acme/{}", name(129))),
    ] {
        let kept = |path: &str| {
            let mut spare = SparePath::default();
            let counted =
                measure(|| spare = read(path, &mut SparePath::default()).unwrap().into_spare());
            (spare, counted.bytes_current)
        };
        let (mut spare, of_usual) = kept(&usual);
        let (_, of_longer) = kept(&longer);
        assert!(of_longer < of_usual, "{of_longer} bytes of {longer}, {of_usual} of {usual}");
        let counted = measure(|| drop(read(&usual, &mut spare).unwrap()));
        assert_eq!(counted.count_total, 0, "{usual}");
    }
}

/// A request that waits keeps its path, of which there may be many thousands.
#[test]
fn a_path_that_has_been_shrunk_holds_what_it_says_and_no_more() {
    let longer = format!("/management/{}", "x".repeat(400));
    // Two places and a flag for each segment.
    let for_a_segment = 3 * size_of::<usize>();
    for (path, text, segments) in [
        ("/management/users/tom", "/management/users/tom", 3),
        ("/management/users/%74%6f%6d", "/management/users/tom", 3),
        ("/status", "/status", 1),
    ] {
        let mut kept = None;
        let counted = measure(|| {
            let mut spare = read(&longer, &mut SparePath::default()).unwrap().into_spare();
            let mut path = read(path, &mut spare).unwrap();
            path.shrink();
            kept = Some(path);
        });
        let held = usize::try_from(counted.bytes_current).unwrap();
        assert_eq!(held, text.len() + segments * for_a_segment, "{path}: {kept:?}");
    }
}
