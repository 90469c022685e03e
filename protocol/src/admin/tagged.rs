//! Sums of the admin channel as `[code, body]`, and code lists whose values have names.

/// Declares an enum that encodes as `[code, body]`; a variant without a body has `null` there. An
/// unknown code is refused.
macro_rules! tagged_enum {
    ($(#[$meta:meta])* $vis:vis enum $name:ident {
        $($(#[$variant_meta:meta])* $variant:ident $(($ty:ty))? = $code:literal,)+
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        $vis enum $name {
            $($(#[$variant_meta])* $variant $(($ty))?,)+
        }

        impl $name {
            /// The code on the wire.
            #[must_use]
            pub const fn code(&self) -> u64 {
                match self {
                    $(tagged_enum!(@any $variant $(, $ty)?) => $code,)+
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeTuple as _;
                let mut pair = serializer.serialize_tuple(2)?;
                pair.serialize_element(&self.code())?;
                match self {
                    $(tagged_enum!(@pattern $variant, body $(, $ty)?) => {
                        pair.serialize_element(tagged_enum!(@body body $(, $ty)?))?;
                    })+
                }
                pair.end()
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;

                impl<'de> serde::de::Visitor<'de> for Visitor {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("[code, body] (", stringify!($name), ")"))
                    }

                    fn visit_seq<A: serde::de::SeqAccess<'de>>(
                        self,
                        mut seq: A,
                    ) -> Result<$name, A::Error> {
                        use serde::de::Error as _;
                        let short = |count| A::Error::invalid_length(count, &self);
                        let code: u64 = seq.next_element()?.ok_or_else(|| short(0))?;
                        match code {
                            $($code => {
                                let body = seq.next_element()?.ok_or_else(|| short(1))?;
                                Ok(tagged_enum!(@make $name, $variant, body $(, $ty)?))
                            })+
                            code => Err(A::Error::custom(format_args!(
                                concat!("{} is no code of ", stringify!($name)),
                                code
                            ))),
                        }
                    }
                }

                deserializer.deserialize_tuple(2, Visitor)
            }
        }
    };
    (@any $variant:ident) => { Self::$variant };
    (@any $variant:ident, $ty:ty) => { Self::$variant(_) };
    (@pattern $variant:ident, $body:ident) => { Self::$variant };
    (@pattern $variant:ident, $body:ident, $ty:ty) => { Self::$variant($body) };
    (@body $body:ident) => { &() };
    (@body $body:ident, $ty:ty) => { $body };
    (@make $name:ident, $variant:ident, $body:ident) => {{
        let () = $body;
        $name::$variant
    }};
    (@make $name:ident, $variant:ident, $body:ident, $ty:ty) => { $name::$variant($body) };
}

/// Declares a code list like `code_enum!` in which each value also has a stable name in kebab case,
/// as JSON output and texts key it.
macro_rules! named_codes {
    ($(#[$meta:meta])* $vis:vis enum $name:ident {
        $($(#[$variant_meta:meta])* $variant:ident = $code:literal $text:literal,)+
    }) => {
        $crate::codec::code_enum! {
            $(#[$meta])*
            $vis enum $name {
                $($(#[$variant_meta])* $variant = $code,)+
            }
        }

        impl $name {
            /// The stable name, in kebab case.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }
    };
}

pub(crate) use {named_codes, tagged_enum};
