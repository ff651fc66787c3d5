//! Where the fields of a message lie, told once: what reads them and what writes them is made from it, and
//! so is the "Bits 61-88" of their documentation.

use crate::payload::Payload;

/// What can stand at a place in a message.
pub(crate) trait Field: Copy {
    /// The `width` bits from `start`; those beyond the end of the message are zero.
    fn read(payload: &Payload, start: usize, width: usize) -> Self;

    /// The way back. Bits of the value that do not fit are dropped.
    fn write(&self, payload: &mut Payload, start: usize, width: usize);
}

/// Declares a message, `pub struct Name [bits] { field: Type = first..=last }`, or without `[bits]` a part
/// of messages, whose bits are counted from its own start. `bits` is how long the message is at least when
/// it is written.
macro_rules! layout {
    (
        $(#[$attribute:meta])*
        pub struct $name:ident [$bits:literal] {
            $($(#[$doc:meta])* $field:ident: $type:ty = $first:literal $(..= $last:literal)?,)*
        }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name {
            /// Bits 0-37.
            pub header: $crate::message::Header,
            $(
                #[doc = $crate::message::layout::place!($first $($last)?)]
                $(#[$doc])*
                pub $field: $type,
            )*
        }

        impl $name {
            #[inline(always)]
            pub(crate) fn read(
                header: $crate::message::Header,
                payload: &$crate::payload::Payload,
            ) -> Self {
                use $crate::message::layout::{Field, width};
                $name { header, $($field: Field::read(payload, $first, width!($first $($last)?)),)* }
            }

            pub(crate) fn write(&self) -> $crate::payload::Payload {
                use $crate::message::layout::{Field, width};
                let mut payload = $crate::payload::Payload::zeros($bits);
                Field::write(&self.header, &mut payload, 0, 38);
                $(Field::write(&self.$field, &mut payload, $first, width!($first $($last)?));)*
                payload
            }
        }
    };
    (
        $(#[$attribute:meta])*
        pub struct $name:ident {
            $($(#[$doc:meta])* $field:ident: $type:ty = $first:literal $(..= $last:literal)?,)*
        }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name {
            $(
                #[doc = $crate::message::layout::place!($first $($last)?)]
                $(#[$doc])*
                pub $field: $type,
            )*
        }

        impl $crate::message::layout::Field for $name {
            #[inline(always)]
            fn read(payload: &$crate::payload::Payload, start: usize, _: usize) -> Self {
                use $crate::message::layout::{Field, width};
                $name {
                    $($field: Field::read(payload, start + $first, width!($first $($last)?)),)*
                }
            }

            fn write(&self, payload: &mut $crate::payload::Payload, start: usize, _: usize) {
                use $crate::message::layout::{Field, width};
                $(Field::write(&self.$field, payload, start + $first, width!($first $($last)?));)*
            }
        }
    };
}

macro_rules! place {
    ($first:literal) => {
        concat!("Bit ", $first, ":")
    };
    ($first:literal $last:literal) => {
        concat!("Bits ", $first, "-", $last, ":")
    };
}

macro_rules! width {
    ($first:literal) => {
        1
    };
    ($first:literal $last:literal) => {
        $last + 1 - $first
    };
}

pub(crate) use {layout, place, width};

macro_rules! numbers {
    ($($type:ty: $read:ident,)*) => {$(
        impl Field for $type {
            #[inline(always)]
            fn read(payload: &Payload, start: usize, width: usize) -> Self {
                payload.$read(start, width) as $type
            }

            fn write(&self, payload: &mut Payload, start: usize, width: usize) {
                payload.put(start, width, *self as u64);
            }
        }
    )*};
}

numbers! {
    u8: unsigned,
    u16: unsigned,
    u32: unsigned,
    i8: signed,
    i32: signed,
}

impl Field for bool {
    #[inline(always)]
    fn read(payload: &Payload, start: usize, _: usize) -> Self {
        payload.flag(start)
    }

    fn write(&self, payload: &mut Payload, start: usize, width: usize) {
        payload.put(start, width, u64::from(*self));
    }
}

/// `None` where the message ends before or within the field.
impl<T: Field> Field for Option<T> {
    #[inline(always)]
    fn read(payload: &Payload, start: usize, width: usize) -> Self {
        (start + width <= payload.len()).then(|| T::read(payload, start, width))
    }

    fn write(&self, payload: &mut Payload, start: usize, width: usize) {
        if let Some(field) = self {
            field.write(payload, start, width);
        }
    }
}

/// One after the other, each as wide as the next.
impl<T: Field, const N: usize> Field for [T; N] {
    #[inline(always)]
    fn read(payload: &Payload, start: usize, width: usize) -> Self {
        let each = width / N;
        core::array::from_fn(|at| T::read(payload, start + at * each, each))
    }

    fn write(&self, payload: &mut Payload, start: usize, width: usize) {
        let each = width / N;
        for (at, field) in self.iter().enumerate() {
            field.write(payload, start + at * each, each);
        }
    }
}
