//! Definition of an offering by an admin, new or changed. Existing requests retain their price.

use super::{CURRENCY, Offering, OfferingDefined, PATTERN, is_key, stream, yes};
use crate::permission::OFFER;
use eaf_sdk::{Accepted, Boundary, Command, Context, FieldError, Fields, Personal, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const MAX_CPUS: i64 = 128;
const MAX_MEMORY_GB: i64 = 4096;
const MAX_CENTS: i64 = 10_000_000;

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DefineOffering {
    /// Key of the offering: lower-case letters, digits and hyphens, a letter first.
    #[schemars(regex(pattern = PATTERN), extend("x-eaf-own-words" = true))]
    pub key: String,
    #[schemars(length(min = 1, max = 80), extend("x-eaf-own-words" = true))]
    pub name: String,
    /// Inventory path of the template in vCenter, below the data centre's folder of machines.
    #[schemars(
        length(min = 1, max = 300),
        extend(
            "x-eaf-own-words" = true,
            "x-eaf-choices" = {"capability": "vsphere", "grant": "vcenter", "of": "template"}
        )
    )]
    pub template: String,
    /// Name of the installed system, as people read it.
    #[schemars(length(min = 1, max = 120), extend("x-eaf-own-words" = true))]
    pub image: String,
    #[schemars(range(min = 1, max = MAX_CPUS), extend("x-eaf-own-words" = true))]
    pub cpu_min: i64,
    #[schemars(range(min = 1, max = MAX_CPUS), extend("x-eaf-own-words" = true))]
    pub cpu_max: i64,
    #[schemars(range(min = 1, max = MAX_MEMORY_GB), extend("x-eaf-own-words" = true))]
    pub memory_gb_min: i64,
    #[schemars(range(min = 1, max = MAX_MEMORY_GB), extend("x-eaf-own-words" = true))]
    pub memory_gb_max: i64,
    /// Price of a machine per month without CPUs and memory, in cents.
    #[schemars(range(min = 0, max = MAX_CENTS), extend("x-eaf-own-words" = true))]
    pub base_cents: i64,
    /// Price of one CPU per month, in cents.
    #[schemars(range(min = 0, max = MAX_CENTS), extend("x-eaf-own-words" = true))]
    pub cpu_cents: i64,
    /// Price of one GB of memory per month, in cents.
    #[schemars(range(min = 0, max = MAX_CENTS), extend("x-eaf-own-words" = true))]
    pub gb_cents: i64,
    #[serde(default = "yes")]
    pub active: bool,
    /// Whether a machine is handed over only with an address; false where a guest reports none.
    #[serde(default = "yes")]
    pub await_address: bool,
}

impl Command for DefineOffering {
    const NAME: &'static str = "define-offering";
    const PERMISSION: Option<&'static str> = Some(OFFER);

    fn boundary(&self, _: &Context, _: &Streams) -> Boundary {
        if !is_key(&self.key) {
            return Boundary::none();
        }
        Boundary::none().guard(stream(&self.key))
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        self.check()?;
        let known = streams.fold::<Offering>(&stream(&self.key)).and_then(|offering| offering.defined);
        let key = self.key.clone();
        let small = |n: i64| n as u32;
        let defined = OfferingDefined {
            key: self.key,
            name: self.name.trim().into(),
            template: self.template.trim().into(),
            image: self.image.trim().into(),
            cpu_min: small(self.cpu_min),
            cpu_max: small(self.cpu_max),
            memory_gb_min: small(self.memory_gb_min),
            memory_gb_max: small(self.memory_gb_max),
            base_cents: self.base_cents,
            cpu_cents: self.cpu_cents,
            gb_cents: self.gb_cents,
            currency: CURRENCY.into(),
            active: self.active,
            await_address: self.await_address,
            by_id: Some(ctx.actor.id.clone()),
            by_name: Some(Personal::new(&ctx.actor.name)),
        };
        if known.is_some_and(|known| known.equals_without_author(&defined)) {
            return Ok(Accepted::nothing().subject("offerings", key));
        }
        Ok(Accepted::nothing().event(stream(&key), defined).subject("offerings", key))
    }
}

impl DefineOffering {
    fn check(&self) -> Result<(), Rejection> {
        let mut fields = Fields::default();
        if !is_key(&self.key) {
            fields.push(FieldError::new("/key", "offering-key"));
        }
        fields.length("/name", "name", &self.name, 1..=80);
        fields.length("/template", "template", &self.template, 1..=300);
        fields.length("/image", "image", &self.image, 1..=120);
        let ranges = [
            ("/cpu_min", self.cpu_min, "/cpu_max", self.cpu_max, MAX_CPUS),
            ("/memory_gb_min", self.memory_gb_min, "/memory_gb_max", self.memory_gb_max, MAX_MEMORY_GB),
        ];
        for (low, min, high, max, limit) in ranges {
            fields.within(low, "limit-out-of-range", min, 1..=limit);
            fields.within(high, "limit-out-of-range", max, 1..=limit);
            if min > max {
                fields.push(FieldError::new(high, "range-reversed").param("min", min));
            }
        }
        for (pointer, cents) in
            [("/base_cents", self.base_cents), ("/cpu_cents", self.cpu_cents), ("/gb_cents", self.gb_cents)]
        {
            fields.within(pointer, "price-out-of-range", cents, 0..=MAX_CENTS);
        }
        fields.into_result("invalid-offering")
    }
}
