//! The catalogue of measures in the registry, and the decisions that it lets be made.

use concordat_protocol::statement::{
    BasisLevel, Content, Force, LegalBasis, Level, MeasureCatalogue, MeasureItem, Revocation, Vis,
};
use concordat_protocol::trust::{Applied, RejectReason};

use crate::support::*;

/// The measure of the penalty, with a change.
pub(crate) fn item(change: impl FnOnce(&mut MeasureItem)) -> MeasureItem {
    let mut item = MeasureItem {
        measure: penalty().duties[0].measure.clone(),
        title: text("限制参加政府采购活动"),
        force: Force::Mandatory,
        basis: vec![LegalBasis {
            law: text("政府采购法"),
            article: text("第七十七条"),
            level: BasisLevel::Law,
        }],
        valid_from: day("2024-01-01"),
        valid_until: None,
        levels: vec![],
        revoked: None,
    };
    change(&mut item);
    item
}

pub(crate) fn catalogue(items: Vec<MeasureItem>) -> Content {
    Content::MeasureCatalogue(Box::new(MeasureCatalogue::new(items).unwrap()))
}

fn revoked(from: &str) -> Option<Revocation> {
    Some(Revocation {
        from: day(from),
        source: text("关于废止部分规定的决定"),
    })
}

/// A decision of 2026-03-02 by an authority of a city.
// spec: STM-152
#[test]
fn decision_brings_only_measures_of_the_catalogue_by_whom_and_when_it_says() {
    let decided = |change: fn(&mut MeasureItem)| {
        let mut net = Net::production();
        let content = catalogue(vec![item(change)]);
        assert_eq!(net.change(content), Applied::Changed);
        net.decide(penalty()).map(|_| ())
    };
    let refused = Err(RejectReason::MeasureUnknown);
    assert_eq!(decided(|_| {}), Ok(()));
    assert_eq!(decided(|item| item.valid_from = day("2026-03-02")), Ok(()));
    assert_eq!(decided(|item| item.valid_from = day("2026-03-03")), refused);
    assert_eq!(
        decided(|item| item.valid_until = Some(day("2026-03-01"))),
        refused
    );
    assert_eq!(
        decided(|item| item.levels = vec![Level::Prefectural]),
        Ok(())
    );
    assert_eq!(decided(|item| item.levels = vec![Level::County]), refused);
    assert_eq!(decided(|item| item.revoked = revoked("2026-03-03")), Ok(()));
    assert_eq!(
        decided(|item| item.revoked = revoked("2026-03-02")),
        refused
    );
    assert_eq!(
        decided(|item| item.measure = measure("loan.limit")),
        refused
    );
}

/// What was decided before there was a catalogue, or before it changed, stays as it was decided.
// spec: STM-152
#[test]
fn later_catalogue_takes_no_decision_back() {
    let mut net = Net::production();
    let (fields, before) = (penalty(), net.registry.ctx());
    let about = fields.subject.code();
    let other = item(|item| item.measure = measure("loan.limit"));
    let said = payload(decision(fields));
    let statement = net.statement(CITY_KEY, city(), about, &said);
    assert_eq!(statement.header().ctx, before);
    assert_eq!(net.change(catalogue(vec![other])), Applied::Changed);
    assert!(net.verdict(city(), statement, Vis::new(1)).is_ok());
    let now = net.decide(penalty()).map(|_| ());
    assert_eq!(now, Err(RejectReason::MeasureUnknown));
}
