//! Maps with integer keys as Rust structs, and integer codes as Rust enums.

use serde::de::Error;

/// What a map with integer keys can have wrong, besides the values in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IntegerMapError {
    /// A key that the shape does not have.
    #[error("{shape} has no key {key}")]
    Unknown {
        /// The type's name.
        shape: &'static str,
        /// The key found.
        key: u64,
    },
    /// A required key is absent.
    #[error("{shape} lacks key {key} ({field})")]
    Missing {
        /// The type's name.
        shape: &'static str,
        /// The key wanted.
        key: u64,
        /// The field's name.
        field: &'static str,
    },
    /// An empty list, which is left out instead.
    #[error("{shape} has an empty list under key {key} ({field})")]
    EmptyList {
        /// The type's name.
        shape: &'static str,
        /// The key.
        key: u64,
        /// The field's name.
        field: &'static str,
    },
}

impl IntegerMapError {
    #[doc(hidden)]
    pub fn into_serde<E: Error>(self) -> E {
        E::custom(self)
    }
}

/// Declares a struct that encodes as a map with unsigned integer keys, in the order given, which
/// must ascend. A field is `req(T)`, `opt(T)` (an `Option`, left out when `None`) or `list(T)` (a
/// `Vec`, left out when empty, refused when present and empty).
macro_rules! integer_map {
    ($(#[$meta:meta])* $vis:vis struct $name:ident {
        $($(#[$field_meta:meta])* $key:literal => $field:ident: $kind:ident($ty:ty),)+
    }) => {
        $(#[$meta])*
        $vis struct $name {
            $($(#[$field_meta])* pub $field: $crate::codec::integer_map!(@ty $kind, $ty),)+
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap as _;
                let count = 0 $(+ $crate::codec::integer_map!(@count $kind, &self.$field))+;
                let mut map = serializer.serialize_map(Some(count))?;
                $($crate::codec::integer_map!(@ser $kind, map, $key, &self.$field);)+
                map.end()
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;

                impl<'de> serde::de::Visitor<'de> for Visitor {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("a map with integer keys (", stringify!($name), ")"))
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(
                        self,
                        mut map: A,
                    ) -> Result<$name, A::Error> {
                        $(let mut $field: Option<$crate::codec::integer_map!(@raw $kind, $ty)> = None;)+
                        while let Some(key) = map.next_key::<u64>()? {
                            match key {
                                $($key => $field = Some(map.next_value()?),)+
                                key => {
                                    let shape = stringify!($name);
                                    let error = $crate::codec::IntegerMapError::Unknown { shape, key };
                                    return Err(error.into_serde());
                                }
                            }
                        }
                        Ok($name {
                            $($field: $crate::codec::integer_map!(@take $kind, $name, $key, $field),)+
                        })
                    }
                }

                deserializer.deserialize_map(Visitor)
            }
        }
    };
    (@ty req, $ty:ty) => { $ty };
    (@ty opt, $ty:ty) => { Option<$ty> };
    (@ty list, $ty:ty) => { Vec<$ty> };
    (@raw req, $ty:ty) => { $ty };
    (@raw opt, $ty:ty) => { $ty };
    (@raw list, $ty:ty) => { Vec<$ty> };
    (@count req, $value:expr) => { { let _ = $value; 1 } };
    (@count opt, $value:expr) => { usize::from($value.is_some()) };
    (@count list, $value:expr) => { usize::from(!$value.is_empty()) };
    (@ser req, $map:ident, $key:literal, $value:expr) => {
        $map.serialize_entry(&($key as u64), $value)?
    };
    (@ser opt, $map:ident, $key:literal, $value:expr) => {
        if let Some(value) = $value { $map.serialize_entry(&($key as u64), value)? }
    };
    (@ser list, $map:ident, $key:literal, $value:expr) => {
        if !$value.is_empty() { $map.serialize_entry(&($key as u64), $value)? }
    };
    (@take req, $name:ident, $key:literal, $field:ident) => {
        match $field {
            Some(value) => value,
            None => {
                let (shape, field) = (stringify!($name), stringify!($field));
                let error = $crate::codec::IntegerMapError::Missing { shape, key: $key, field };
                return Err(error.into_serde());
            }
        }
    };
    (@take opt, $name:ident, $key:literal, $field:ident) => { $field };
    (@take list, $name:ident, $key:literal, $field:ident) => {
        match $field {
            Some(list) if list.is_empty() => {
                let (shape, field) = (stringify!($name), stringify!($field));
                let error = $crate::codec::IntegerMapError::EmptyList { shape, key: $key, field };
                return Err(error.into_serde());
            }
            Some(list) => list,
            None => Vec::new(),
        }
    };
}

/// Declares an enum that encodes as the integer code of its variant. An unknown code is refused.
macro_rules! code_enum {
    ($(#[$meta:meta])* $vis:vis enum $name:ident {
        $($(#[$variant_meta:meta])* $variant:ident = $code:literal,)+
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $name {
            $($(#[$variant_meta])* $variant = $code,)+
        }

        impl $name {
            /// Every value, in the order of the code list.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The code on the wire.
            #[must_use]
            pub const fn code(self) -> u64 {
                self as u64
            }

            /// The value with this code, when there is one.
            #[must_use]
            pub const fn from_code(code: u64) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_u64(self.code())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let code = <u64 as serde::Deserialize>::deserialize(deserializer)?;
                Self::from_code(code).ok_or_else(|| {
                    serde::de::Error::custom(format_args!(
                        concat!("{} is no code of ", stringify!($name)),
                        code
                    ))
                })
            }
        }
    };
}

/// Declares a newtype over `N` bytes that encodes as a byte string of exactly that length and shows
/// itself as lower-case hexadecimal.
macro_rules! byte_newtype {
    ($(#[$meta:meta])* $vis:vis struct $name:ident([u8; $length:literal]);) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis struct $name([u8; $length]);

        impl $name {
            /// Wraps the bytes as they are.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; $length]) -> Self {
                Self(bytes)
            }

            /// The bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $length] {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        $crate::codec::bytes_serde!($name, $length);
    };
}

/// Implements serde as a byte string of exactly `$length` bytes for a type with `from_bytes` and
/// `as_bytes`.
macro_rules! bytes_serde {
    ($name:ident, $length:literal) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_bytes(self.as_bytes())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;

                impl serde::de::Visitor<'_> for Visitor {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!(
                            stringify!($length),
                            " bytes (",
                            stringify!($name),
                            ")"
                        ))
                    }

                    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<$name, E> {
                        let array = <[u8; $length]>::try_from(bytes)
                            .map_err(|_| E::invalid_length(bytes.len(), &self))?;
                        Ok($name::from_bytes(array))
                    }
                }

                deserializer.deserialize_bytes(Visitor)
            }
        }
    };
}

pub(crate) use {byte_newtype, bytes_serde, code_enum, integer_map};
