//! One test for each rule of `spec/deadlines.md` on the way to the place of registration.

use super::*;
use crate::deadline::WorkingDays;
use crate::effect::tests::{Who, code, day, penalty};

fn region(text: &str) -> RegionCode {
    RegionCode::parse(text).unwrap()
}

// spec: DL-60
#[test]
fn penalty_of_market_regulation_is_elsewhere_by_the_code_of_the_organisation_alone() {
    let mut decision = penalty();
    decision.item = code("penalty.market.food");
    decision.act_type = ActType::Penalty;
    let place = decision.subject.code().region().unwrap();
    let issuer = Who::Issuer.code();
    let of = |decision: &DecisionFields, from: &str| {
        PenaltyElsewhere::of(decision, issuer, region(from))
    };
    let other = match place.province() == region("350000") {
        true => "360000",
        false => "350000",
    };
    let found = of(&decision, other).unwrap();
    assert_eq!(
        (found.issuer, found.decided_on, found.place),
        (issuer, decision.decided_on, place)
    );
    assert_eq!(of(&decision, place.as_str()), None);
    assert_eq!(of(&decision, place.province().as_str()), None);
    assert_eq!(of(&decision, "100000"), None);
    for item in ["penalty.general", "penalty.marketing", "penalty"] {
        decision.item = code(item);
        assert_eq!(of(&decision, other), None, "{item}");
    }
    decision.item = code("penalty.market");
    assert!(of(&decision, other).is_some());
    decision.act_type = ActType::Licence;
    assert_eq!(of(&decision, other), None);
}

/// What is owed of a penalty on an organisation of 360102, by the regions of those pushed to.
fn owed(to: &[(Who, &str, &str)], published: &[Who]) -> Vec<(AuthorityCode, Owing, Day)> {
    let penalty = PenaltyElsewhere {
        issuer: Who::Issuer.code(),
        decided_on: day("2026-04-24"),
        place: region("360102"),
    };
    let days = WorkingDays::new(RegionCode::COUNTRY, []);
    let terms = |region| Terms {
        rules: None,
        days: &days,
        region,
        act_type: Some(ActType::Penalty),
        today: day("2026-06-01"),
    };
    let mut places = BTreeMap::from([(Who::Issuer.code(), terms(region("350000")))]);
    places.extend(
        to.iter()
            .map(|(who, at, _)| (who.code(), terms(region(at)))),
    );
    let published: BTreeSet<_> = published.iter().map(|who| who.code()).collect();
    let lists: Vec<_> = to
        .iter()
        .map(|(who, _, on)| ([who.code()], day(on)))
        .collect();
    let mut pushes: Vec<_> = lists
        .iter()
        .map(|(to, on)| Pushed {
            on: *on,
            to,
            published: &published,
        })
        .collect();
    let found = hops(&penalty, &pushes, &places);
    // Order and repetition change nothing.
    pushes.reverse();
    pushes.extend(pushes.clone());
    assert_eq!(hops(&penalty, &pushes, &places), found);
    let found = found.into_iter();
    found.map(|one| (one.by, one.owing, one.since)).collect()
}

// spec: DL-61
#[test]
fn who_decided_owes_a_push_until_an_authority_of_the_place_has_one() {
    let push = [(
        Who::Issuer.code(),
        Owing::PushToRegistrationPlace,
        day("2026-04-24"),
    )];
    assert_eq!(owed(&[], &[]), push);
    for elsewhere in ["350000", "360200", "360103", "100000"] {
        let to = [(Who::City, elsewhere, "2026-05-06")];
        assert_eq!(owed(&to, &[]), push, "{elsewhere}");
        // What was published elsewhere was not published there.
        assert_eq!(owed(&to, &[Who::City]), push, "{elsewhere}");
    }
    for there in ["360000", "360100", "360102"] {
        let publish = (
            Who::City.code(),
            Owing::PublishAtRegistrationPlace,
            day("2026-05-06"),
        );
        assert_eq!(owed(&[(Who::City, there, "2026-05-06")], &[]), [publish]);
    }
}

// spec: DL-62
#[test]
fn authority_of_the_place_owes_a_publication_from_the_first_push_until_one_has_published() {
    let twice = [
        (Who::City, "360100", "2026-05-12"),
        (Who::City, "360100", "2026-05-06"),
    ];
    let publish = |who: Who, on: &str| (who.code(), Owing::PublishAtRegistrationPlace, day(on));
    assert_eq!(owed(&twice, &[]), [publish(Who::City, "2026-05-06")]);
    let both = [
        (Who::City, "360100", "2026-05-06"),
        (Who::Supervisor, "360000", "2026-05-07"),
    ];
    let mut all = vec![
        publish(Who::City, "2026-05-06"),
        publish(Who::Supervisor, "2026-05-07"),
    ];
    all.sort();
    assert_eq!(owed(&both, &[]), all);
    assert_eq!(owed(&both, &[Who::Supervisor]), []);
    assert_eq!(owed(&both, &[Who::Hub]), all);
}
