//! Versions of agreements: joining, leaving, logging again, narrowing.

use super::*;

/// A later version of the agreement that stands at the city's position 50.
fn later(version: u32, change: impl FnOnce(&mut AgreementFields)) -> AgreementFields {
    let mut fields = AgreementFields {
        version,
        first: Some(at(Who::City, 50)),
        ..the_agreement()
    };
    change(&mut fields);
    fields
}

// spec: AGR-20, AGR-21
#[test]
fn others_join_an_open_agreement_and_parties_leave_it_by_their_own_word() {
    let (world, target) = World::with_penalty();
    let ask = |facts: &[Fact]| asked_by(Who::Supervisor, &world, &penalty(), &target, facts);
    let mut open = the_agreement();
    open.open = Some(Truth);
    let joins = |from| accession(Who::Supervisor, 60, 50, from);
    let closed = [agreement(50, the_agreement()), joins("2026-02-01")];
    assert_eq!(ask(&closed), information(Lacking::NoAgreement));
    let early = [agreement(50, open.clone()), joins("2026-05-29")];
    assert_eq!(ask(&early), information(Lacking::NoAgreement));
    let mut known = vec![agreement(50, open), joins("2026-02-01")];
    assert_eq!(allowed(&ask(&known)).len(), 1);
    let mut unseen = world.clone();
    unseen.witnessed_up_to(Who::Supervisor, 60);
    let by_word = asked_by(Who::Supervisor, &unseen, &penalty(), &target, &known);
    assert_eq!(by_word, information(Lacking::NoAgreement));
    known.push(retirement(Who::Supervisor, 61, 1, "2026-05-28"));
    assert_eq!(ask(&known), information(Lacking::Retired));
    assert_eq!(
        allowed(&asked(&world, &penalty(), &target, &known)).len(),
        1
    );
    // Of the party whose decisions they are.
    known.push(retirement(Who::Issuer, 62, 1, "2026-05-01"));
    let gone = asked(&world, &penalty(), &target, &known);
    assert_eq!(gone, information(Lacking::Retired));
    // What was proposed before it left, and kept back, does not bring it back; a later version does.
    let second = || later(2, |_| {});
    let mut kept_back = known.clone();
    kept_back.push(agreement(51, second()));
    let gone = asked(&world, &penalty(), &target, &kept_back);
    assert_eq!(gone, information(Lacking::Retired));
    known.push(agreement(63, second()));
    assert_eq!(
        allowed(&asked(&world, &penalty(), &target, &known)).len(),
        1
    );
}

/// Whoever can log in the log of a party can log its agreements again.
// spec: AGR-23
#[test]
fn agreement_logged_again_counts_for_nothing() {
    let (world, target) = World::with_penalty();
    let ask = |facts: &[Fact]| asked(&world, &penalty(), &target, facts);
    let first = agreement(50, the_agreement());
    let again = fact(Who::City, 70, first.payload().clone());
    let left = retirement(Who::Issuer, 60, 1, "2026-05-01");
    assert_eq!(allowed(&ask(&[again.clone(), first.clone()])).len(), 1);
    let known = [again.clone(), left, first.clone()];
    assert_eq!(ask(&known), information(Lacking::Retired));
    // A name of the copy stands for the first.
    let mut said = Retirement {
        first: at(Who::City, 70),
        version: 1,
        from: day("2026-05-01"),
        reasons: text("退出"),
    };
    for first_named in [at(Who::City, 70), at(Who::City, 50)] {
        said.first = first_named;
        let left = says(Who::Issuer, 61, Content::Retirement(said.clone()));
        let known = [again.clone(), first.clone(), left];
        assert_eq!(ask(&known), information(Lacking::Retired));
    }
}

/// Approvals are over the words: another party takes them out of a log that was left, and logs the words
/// in its own.
// spec: AGR-23
#[test]
fn agreement_logged_in_the_log_of_another_party_is_the_same_agreement() {
    let (mut world, target) = World::with_penalty();
    let mut fields = the_agreement();
    fields.open = Some(Truth);
    let first = agreement(50, fields);
    let elsewhere = fact(Who::Supervisor, 70, first.payload().clone());
    let left = |named: StatementRef| {
        let said = Retirement {
            first: named,
            version: 1,
            from: day("2026-05-01"),
            reasons: text("退出"),
        };
        says(Who::Issuer, 60, Content::Retirement(said))
    };
    let both = [first.clone(), elsewhere.clone()];
    for named in [at(Who::City, 50), at(Who::Supervisor, 70)] {
        let known = [&both[..], &[left(named)]].concat();
        let gone = asked(&world, &penalty(), &target, &known);
        assert_eq!(gone, information(Lacking::Retired));
    }
    // Whoever acceded to one place acceded to the words.
    let joins = accession(Who::Hub, 61, 50, "2026-02-01");
    let only = [elsewhere, first, joins];
    let joined = asked_by(Who::Hub, &world, &penalty(), &target, &only);
    assert_eq!(allowed(&joined).len(), 1);
    // A copy that does not count takes nothing away.
    for unseen in [Who::City, Who::Supervisor] {
        let mut world = world.clone();
        world.witnessed_up_to(unseen, 50);
        assert_eq!(allowed(&asked(&world, &penalty(), &target, &both)).len(), 1);
    }
    world.witnessed_up_to(Who::City, 50);
    world.witnessed_up_to(Who::Supervisor, 50);
    let neither = asked(&world, &penalty(), &target, &both);
    assert_eq!(neither, information(Lacking::NotInForce));
}

/// Who retired is told of where the agreement names the other as well, whichever of the two asks.
// spec: AGR-21
#[test]
fn party_that_left_an_agreement_of_others_had_none_with_who_asks() {
    let (world, target) = World::with_penalty();
    let mut fields = the_agreement();
    fields.parties = parties(&[Who::Issuer, Who::Supervisor]);
    let known = [
        agreement(50, fields),
        retirement(Who::Issuer, 60, 1, "2026-05-01"),
    ];
    let none = asked(&world, &penalty(), &target, &known);
    assert_eq!(none, information(Lacking::NoAgreement));
    let left = asked_by(Who::Supervisor, &world, &penalty(), &target, &known);
    assert_eq!(left, information(Lacking::Retired));
}

/// Each place of equal words is shown as one version, where it counts.
// spec: AGR-23, AGR-40
#[test]
fn equal_words_in_two_logs_are_one_version_of_those_known() {
    let (mut world, _) = World::with_penalty();
    let first = agreement(50, the_agreement());
    let elsewhere = fact(Who::Supervisor, 70, first.payload().clone());
    let both = [elsewhere.clone(), first.clone()];
    let least = first.reference().min(elsewhere.reference());
    let shown = |world: &World| {
        let agreements = Agreements::of(&both, &world.horizon);
        for place in [&first, &elsewhere] {
            assert_eq!(agreements.place_of(place.reference()), least);
        }
        let versions = agreements.versions();
        versions
            .map(|(of, at)| (of.clone(), at.clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(shown(&world), [(least.clone(), least.clone())]);
    for (unseen, counts) in [(Who::City, &elsewhere), (Who::Supervisor, &first)] {
        let before = world.clone();
        world.witnessed_up_to(unseen, 50);
        let there = counts.reference().clone();
        assert_eq!(shown(&world), [(least.clone(), there)]);
        world = before;
    }
}

/// What is left out could be what narrows, and only what its author says.
// spec: AGR-30
#[test]
fn nothing_is_in_force_with_an_authority_that_is_left_out() {
    let (world, target) = World::with_penalty();
    let known = [agreement(50, the_agreement())];
    let effect = world.effect(&target);
    let ask = |left_out: Who| {
        let agreements = Agreements::of(&known, &world.horizon);
        let agreements = agreements.without([left_out.code()].into());
        let pair = (Who::Issuer.code(), Who::City.code());
        let standing = agreements.standing(&at(Who::City, 50), pair, world.as_of);
        let question = Question {
            decision: &penalty(),
            effect: &effect,
            issuers: &[Who::Issuer.code()],
            issuer_region: RegionCode::parse("230400").unwrap(),
            receivers: &[Who::City.code()],
            receiver_region: RegionCode::parse("231100").unwrap(),
            as_of: world.as_of,
        };
        (standing, recognise(&question, &agreements))
    };
    for party in [Who::Issuer, Who::City] {
        let lacking = Standing::Lacking(Lacking::TooMany);
        assert_eq!(ask(party), (lacking, information(Lacking::TooMany)));
    }
    let (standing, recognition) = ask(Who::Supervisor);
    assert_eq!(standing, Standing::InForce);
    assert_eq!(allowed(&recognition).len(), 1);
}

// spec: AGR-21
#[test]
fn retirement_frees_as_soon_as_it_is_verified_and_takes_a_grant_away_once_it_counts() {
    let mut world = World::new();
    let target = world.decide(Who::Issuer, 10, licence());
    let penalised = world.decide(Who::Issuer, 11, penalty());
    world.witnessed_up_to(Who::City, 60);
    let known = [
        agreement(50, the_agreement()),
        retirement(Who::City, 60, 1, "2026-05-01"),
    ];
    let freed = asked(&world, &penalty(), &penalised, &known);
    assert_eq!(freed, information(Lacking::Retired));
    let granted = asked(&world, &licence(), &target, &known);
    assert!(matches!(
        granted,
        Recognition::Recognised { grant: true, .. }
    ));
    world.witnessed_up_to(Who::City, 61);
    let lost = asked(&world, &licence(), &target, &known);
    assert_eq!(lost, information(Lacking::Retired));
}

// spec: AGR-22
#[test]
fn version_that_is_not_witnessed_narrows_and_never_widens() {
    let (mut world, target) = World::with_penalty();
    let ask = |world: &World, facts: &[Fact]| asked(world, &penalty(), &target, facts);
    world.witnessed_up_to(Who::City, 51);
    let first = agreement(50, the_agreement());
    let without = later(2, |fields| fields.clauses[0].measures.clear());
    let narrowed = [first.clone(), agreement(51, without)];
    assert_eq!(allowed(&ask(&world, &narrowed)), []);
    let wide = later(2, |fields| {
        fields.clauses[0].measures[0].force = Force::Mandatory;
    });
    let wide = [first, agreement(51, wide)];
    let by_first = (
        "tender.limit".to_owned(),
        Force::Recommended,
        "第三条".to_owned(),
    );
    assert_eq!(
        allowed(&ask(&world, &wide)),
        std::slice::from_ref(&by_first)
    );
    world.witnessed_up_to(Who::City, 52);
    let by_second = (
        "tender.limit".to_owned(),
        Force::Mandatory,
        "第三条".to_owned(),
    );
    assert_eq!(allowed(&ask(&world, &wide)), [by_second]);
    world.witnessed_up_to(Who::City, 50);
    assert_eq!(ask(&world, &wide), information(Lacking::NotInForce));
}

/// A version with a last day takes the place of the older ones for good.
// spec: AGR-20
#[test]
fn version_that_has_ended_does_not_bring_the_one_before_it_back() {
    let (mut world, target) = World::with_penalty();
    let first = agreement(50, the_agreement());
    let second = |from: &str, until: &str| {
        let fields = later(2, |fields| {
            (fields.from, fields.until) = (day(from), Some(day(until)));
        });
        agreement(51, fields)
    };
    let ask = |world: &World, facts: &[Fact]| asked(world, &penalty(), &target, facts);
    let ended = [first.clone(), second("2026-02-01", "2026-05-27")];
    assert_eq!(ask(&world, &ended), information(Lacking::NotInForce));
    // Before it began, and where it has not begun, the first is in force.
    let to_come = [first.clone(), second("2026-06-01", "2026-06-30")];
    assert_eq!(allowed(&ask(&world, &to_come)).len(), 1);
    // One that names only one of the two has replaced nothing between them.
    let apart = later(2, |fields| {
        fields.parties = parties(&[Who::Hub, Who::City]);
        fields.until = Some(day("2026-05-27"));
    });
    let apart = [first.clone(), agreement(51, apart)];
    assert_eq!(allowed(&ask(&world, &apart)).len(), 1);
    // Not witnessed, it takes measures away all the same.
    world.witnessed_up_to(Who::City, 51);
    assert_eq!(allowed(&ask(&world, &ended)), []);
    // A third goes on.
    world.witnessed_up_to(Who::City, 60);
    let [first, second] = ended;
    let third = agreement(52, later(3, |_| {}));
    assert_eq!(allowed(&ask(&world, &[first, second, third])).len(), 1);
}

/// Whoever joined an open version after its last day was never bound by it.
// spec: AGR-20
#[test]
fn version_that_never_ran_between_two_replaces_nothing_between_them() {
    let (world, target) = World::with_penalty();
    let ask = |facts: &[Fact]| asked_by(Who::Supervisor, &world, &penalty(), &target, facts);
    let mut first = the_agreement();
    first.open = Some(Truth);
    let second = later(2, |fields| {
        fields.open = Some(Truth);
        fields.until = Some(day("2026-04-30"));
    });
    let known = |from| {
        vec![
            agreement(50, first.clone()),
            agreement(51, second.clone()),
            accession(Who::Supervisor, 60, 50, "2026-02-01"),
            accession(Who::Supervisor, 61, 51, from),
        ]
    };
    assert_eq!(allowed(&ask(&known("2026-05-01"))).len(), 1);
    let ended = information(Lacking::NotInForce);
    assert_eq!(ask(&known("2026-04-30")), ended);
}
