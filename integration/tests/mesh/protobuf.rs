//! As much of Protocol Buffers as discovery takes: messages are written field by field, and only
//! fields with a length are read. Envoy's types as Rust code are 8 MB of source to compile, for a
//! dozen messages of which a few fields are set.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value};

/// A message that is being written.
#[derive(Clone, Debug, Default)]
pub struct Message(Vec<u8>);

impl Message {
    pub fn new() -> Self {
        Self::default()
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    pub fn number(mut self, field: u64, value: u64) -> Self {
        self.varint(field << 3);
        self.varint(value);
        self
    }

    fn double(mut self, field: u64, value: f64) -> Self {
        self.varint(field << 3 | 1);
        self.0.extend(value.to_le_bytes());
        self
    }

    pub fn bytes(mut self, field: u64, value: &[u8]) -> Self {
        self.varint(field << 3 | 2);
        self.varint(value.len() as u64);
        self.0.extend(value);
        self
    }

    pub fn text(self, field: u64, value: &str) -> Self {
        self.bytes(field, value.as_bytes())
    }

    pub fn message(self, field: u64, value: &Self) -> Self {
        self.bytes(field, &value.0)
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// `google.protobuf.Any`.
pub fn any(type_url: &str, value: &[u8]) -> Message {
    Message::new().text(1, type_url).bytes(2, value)
}

/// An extension's configuration, given as JSON with `@type`, as the `TypedStruct` that Envoy takes
/// for any of them.
pub fn extension(config: &Value) -> Result<Message> {
    let mut members = config.as_object().context("a configuration is no object")?.clone();
    let of = members.remove("@type").context("a configuration without its type")?;
    let typed = Message::new().text(1, of.as_str().context("no type")?);
    let typed = typed.message(2, &structure(&members));
    Ok(any("type.googleapis.com/xds.type.v3.TypedStruct", &typed.into_bytes()))
}

/// `google.protobuf.Struct`.
fn structure(members: &Map<String, Value>) -> Message {
    members.iter().fold(Message::new(), |message, (name, member)| {
        message.message(1, &Message::new().text(1, name).message(2, &value(member)))
    })
}

/// `google.protobuf.Value`.
fn value(of: &Value) -> Message {
    match of {
        Value::Null => Message::new().number(1, 0),
        Value::Number(number) => Message::new().double(2, number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => Message::new().text(3, text),
        Value::Bool(flag) => Message::new().number(4, (*flag).into()),
        Value::Object(members) => Message::new().message(5, &structure(members)),
        Value::Array(items) => {
            let list =
                items.iter().fold(Message::new(), |list, item| list.message(1, &value(item)));
            Message::new().message(6, &list)
        }
    }
}

/// The fields with a length, in order; others are passed over.
pub fn fields(mut bytes: &[u8]) -> Result<Vec<(u64, &[u8])>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes)?;
        let length = match tag & 7 {
            0 => {
                varint(&mut bytes)?;
                continue;
            }
            1 => 8,
            2 => usize::try_from(varint(&mut bytes)?)?,
            5 => 4,
            other => bail!("wire type {other}"),
        };
        ensure!(length <= bytes.len(), "a field is cut off");
        let (field, rest) = bytes.split_at(length);
        bytes = rest;
        if tag & 7 == 2 {
            found.push((tag >> 3, field));
        }
    }
    Ok(found)
}

fn varint(bytes: &mut &[u8]) -> Result<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first().context("a number is cut off")?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Ok(value);
        }
    }
    bail!("a number is too long")
}

#[test]
fn messages_are_written_as_protoc_writes_them() -> Result<()> {
    let message = Message::new().number(1, 150).text(2, "testing").double(3, 1.0);
    let bytes = message.into_bytes();
    let expected = b"\x08\x96\x01\x12\x07testing\x19\0\0\0\0\0\0\xf0\x3f";
    ensure!(bytes == expected, "{bytes:02x?}");
    ensure!(fields(&bytes)? == [(2, &b"testing"[..])]);
    ensure!(fields(b"\x12\x07test").is_err() && fields(b"\x80").is_err());
    Ok(())
}
