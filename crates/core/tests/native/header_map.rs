//! A request's head, looked at in the host's own form.

use proptest::collection::vec;
use proptest::prelude::*;
use usergrid_auth_core::header_map::HeaderMap;
use usergrid_auth_core::pairs::encode;

type Entries = Vec<(String, Vec<u8>)>;

fn entries() -> impl Strategy<Value = Entries> {
    let name = prop_oneof!["[a-c]{0,2}", ":path", "authorization", ".{0,8}"];
    vec((name, vec(any::<u8>(), 0..20)), 0..12)
}

fn host_form(entries: &Entries) -> Vec<u8> {
    encode(entries.iter().map(|(name, value)| (name.as_bytes(), value.as_slice())))
}

fn read(headers: &HeaderMap) -> Entries {
    headers.iter().map(|(name, value)| (name.to_owned(), value.to_vec())).collect()
}

proptest! {
    #[test]
    fn every_header_is_found_in_its_order(entries in entries(), wanted in "[a-c]{0,2}") {
        let headers = HeaderMap::from_host(host_form(&entries));
        prop_assert_eq!(&read(&headers), &entries);
        prop_assert_eq!(&read(&HeaderMap::new(entries.clone())), &entries);
        let of_that_name = entries.iter().filter(|(name, _)| *name == wanted);
        let values: Vec<&[u8]> = of_that_name.map(|(_, value)| value.as_slice()).collect();
        prop_assert_eq!(headers.values(&wanted).collect::<Vec<_>>(), values.clone());
        prop_assert_eq!(headers.first(&wanted), values.first().copied());
    }

    /// Half a head would be worse than none: what refuses a request could be in the other half.
    #[test]
    fn a_head_that_is_cut_or_has_something_behind_it_is_none(
        entries in entries(),
        cut in any::<prop::sample::Index>(),
        more in vec(any::<u8>(), 1..5),
    ) {
        let whole = host_form(&entries);
        let short = whole[..cut.index(whole.len())].to_vec();
        prop_assert!(read(&HeaderMap::from_host(short)).is_empty());
        prop_assert!(read(&HeaderMap::from_host([whole, more].concat())).is_empty());
    }

    #[test]
    fn any_bytes_are_a_whole_head_or_none(bytes in vec(any::<u8>(), 0..64)) {
        let headers = HeaderMap::from_host(bytes.clone());
        let found = headers.iter().count();
        prop_assert!(found <= bytes.len() / 10);
    }
}

#[test]
fn sizes_that_no_memory_has_are_no_head() {
    for (count, name, value) in
        [(u32::MAX, 0, 0), (1, u32::MAX, 0), (1, 0, u32::MAX), (2, 0, 0), (0x2000_0000, 0, 0)]
    {
        let mut bytes: Vec<u8> =
            [count, name, value].iter().flat_map(|it| it.to_le_bytes()).collect();
        bytes.extend([0, 0]);
        assert!(HeaderMap::from_host(bytes).iter().next().is_none(), "{count} {name} {value}");
    }
}

#[test]
fn a_name_that_is_not_utf_8_is_passed_over_and_hides_no_other() {
    let pairs = [(&b"\xff"[..], &b"x"[..]), (b":path", b"/"), (b"a", b"1")];
    let headers = HeaderMap::from_host(encode(pairs.into_iter()));
    assert_eq!(headers.first(":path"), Some(&b"/"[..]));
    assert_eq!(headers.iter().count(), 2);
}
