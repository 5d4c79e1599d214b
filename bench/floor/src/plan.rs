//! What is done for each request, by the words of the configuration.

/// Words that are known, each with what it asks for; `identity` has a digit behind it.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    /// The settings of the route and of its virtual host.
    pub(crate) properties: bool,
    pub(crate) head: bool,
    pub(crate) time: bool,
    /// The signal of revocations.
    pub(crate) gauge: bool,
    /// A path without the credential that was in its query.
    pub(crate) path: bool,
    /// The credential in its header.
    pub(crate) authorization: bool,
    /// One header with the whole identity.
    pub(crate) payload: bool,
    /// So many identity headers, up to seven.
    pub(crate) identity: usize,
    pub(crate) logic: bool,
}

impl Plan {
    pub(crate) const NOTHING: Self = Self {
        properties: false,
        head: false,
        time: false,
        gauge: false,
        path: false,
        authorization: false,
        payload: false,
        identity: 0,
        logic: false,
    };

    /// Of the member `floor`; nothing if a word is not known.
    pub(crate) fn parse(configuration: &[u8]) -> Option<Self> {
        const BEFORE: &[u8] = b"\"floor\":\"";
        let place = configuration.windows(BEFORE.len()).position(|window| window == BEFORE)?;
        let rest = configuration.get(place + BEFORE.len()..)?;
        let words = rest.split(|byte| *byte == b'"').next()?;
        let mut plan = Self::NOTHING;
        for word in words.split(|byte| *byte == b' ') {
            match word {
                b"properties" => plan.properties = true,
                b"head" => plan.head = true,
                b"time" => plan.time = true,
                b"gauge" => plan.gauge = true,
                b"path" => plan.path = true,
                b"authorization" => plan.authorization = true,
                b"payload" => plan.payload = true,
                b"logic" => plan.logic = true,
                [b'i', b'd', b'e', b'n', b't', b'i', b't', b'y', digit @ b'0'..=b'7'] => {
                    plan.identity = usize::from(digit - b'0');
                }
                _ => return None,
            }
        }
        Some(plan)
    }
}
