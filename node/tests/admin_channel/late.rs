//! A member that goes on under a registry that has been replaced, and what its clerks do then.

use concordat_protocol::admin::{AlarmView, EffectView, RepairAsk, RowRefusal, ValidityCode};
use concordat_protocol::statement::{Code, Policy, RepairEffect};

use super::*;

const LICENCE: &str = "test.licence";
/// How the table of a licence is read.
const LICENCES: &str = r#"
[profile]
name = "licences"
version = 1
about = "Licences that the tests make up"

[file]
format = "tsv"
encoding = "utf-8"

[fields]
subject_code = { column = "code" }
subject_name = { column = "name" }
document_number = { column = "number" }
act_type = { value = "licence" }
item = { value = "test.licence" }
decided_on = { column = "decided" }

[fields.subject_form]
column = "name"
by_code = true
otherwise = "enterprise"
"#;
const LICENCE_TABLE: &str =
    "code\tname\tnumber\tdecided\n91110108551385082Q\tTest\tL-1\t2026-03-02\n";

/// A pair under a grace of a millisecond, in whose catalogue there are licences too.
async fn hasty() -> Pair {
    let mut pair = Pair::start_planned(VIS_PUBLIC, |plan| {
        let penalty = plan.catalogue.items[0].clone();
        plan.catalogue.items.push(CatalogueItem {
            code: Code::new(LICENCE).unwrap(),
            act_types: vec![ActType::Licence],
            ..penalty
        });
        plan.members[0].mandates[0].classes.push(Class::Repair);
    })
    .await;
    let policy = Policy {
        ctx_grace_ms: 1,
        ..pair.network.registry.policy().clone()
    };
    change(&mut pair.network, &pair.hub.node, policy).await;
    let size = pair.network.registry.size();
    until(&pair.member.node, |node| node.ctx().size == size).await;
    pair
}

async fn change(network: &mut TestNetwork, hub: &Node, policy: Policy) {
    network.append(Content::Policy(policy)).unwrap();
    let change = network.changes.last().unwrap();
    let signed = change.sign(hub.genesis(), hub.signer(), hub.ctx());
    let submitted = hub.submit(LogNumber::Registry, vec![signed.unwrap()]);
    submitted.await.unwrap();
}

impl Pair {
    /// The registry is replaced while the member is away; then the member is there and the hub is not.
    async fn part(self) -> Apart {
        let Self {
            hub,
            member,
            listen,
            mut network,
            directory,
        } = self;
        stop(member).await;
        let policy = network.registry.policy().clone();
        change(&mut network, &hub.node, policy).await;
        // Time to log that it went on.
        tokio::time::sleep(Duration::from_millis(500)).await;
        stop(hub).await;
        let code = network.members[0].code();
        let member = start(directory.path(), code, &listen[1], false).await;
        member.node.wait_signing().await;
        Apart {
            member,
            listen,
            network,
            directory,
        }
    }
}

/// The member of a pair alone, under a registry that it does not know to be replaced.
struct Apart {
    member: Running,
    listen: [String; 2],
    network: TestNetwork,
    directory: TempDir,
}

impl Apart {
    /// The hub comes back, too late for the statements up to a position of the member's log.
    async fn meet(self, last: usize) -> Pair {
        let code = self.network.hub.code();
        let hub = start(self.directory.path(), code, &self.listen[0], false).await;
        let last = at(&self.member, last);
        until(&self.member.node, |node| {
            node.is_late(&last.origin, last.index)
        })
        .await;
        Pair {
            hub,
            member: self.member,
            listen: self.listen,
            network: self.network,
            directory: self.directory,
        }
    }
}

/// The statement of a member's own log that has so many decisions and acts before it: what the node says
/// by itself in between is passed over.
pub(super) fn at(running: &Running, number: usize) -> StatementRef {
    let node = &running.node;
    let origin = node.genesis().origin(node.member(), LogNumber::Statements);
    let leaves = (0..).map(LeafIndex::new).map_while(|index| {
        let leaf = node.shared().leaf(&origin, index)?;
        Some((
            index,
            concordat_protocol::statement::Leaf::decode(&leaf).unwrap(),
        ))
    });
    let mut spoken = leaves.filter(|(_, leaf)| !leaf.kind.is_between_parties());
    let (index, leaf) = spoken.nth(number).unwrap();
    StatementRef {
        origin,
        index,
        leaf_hash: leaf.hash(),
    }
}

/// What an alarm says of one statement.
fn one_from(running: &Running, number: usize) -> Option<(String, String)> {
    Some(("1".into(), at(running, number).index.to_string()))
}

pub(super) async fn stop(running: Running) {
    running.admin.stop().await;
    running.node.stop().await;
}

pub(super) fn withdrawal(of: &StatementRef) -> Request {
    Request::Withdrawal(WithdrawalAsk {
        target: position(of),
        reason: WithdrawalReason::DecisionRevoked,
        reasons: Text::new("决定已撤销").unwrap(),
        issuer: None,
        dry_run: false,
        exit: None,
    })
}

/// A correction of the facts, worked out from what stands.
pub(super) async fn correction_of_facts(
    client: &mut Client,
    of: &StatementRef,
    facts: &str,
) -> Request {
    let view = client.statement(position(of)).await;
    let mut replacement = view.decision.unwrap().into_fields();
    replacement.facts = Some(Text::new(facts).unwrap());
    Request::Correction(CorrectionAsk {
        target: position(of),
        reasons: Text::new("事实有误").unwrap(),
        replacement: Box::new(replacement),
        worked_from: None,
        issuer: None,
        dry_run: false,
        bulk: None,
    })
}

pub(super) async fn effect(client: &mut Client, of: &StatementRef) -> EffectView {
    client.statement(position(of)).await.effect.unwrap()
}

/// Written, present and refused rows, and why they were refused.
pub(super) async fn taken(client: &mut Client, table: &str) -> ((u64, u64, u64), Vec<RowRefusal>) {
    import_with(client, ProfileChoice::BuiltIn, PROFILE, table).await
}

async fn import_with(
    client: &mut Client,
    profile_choice: ProfileChoice,
    profile: &str,
    table: &str,
) -> ((u64, u64, u64), Vec<RowRefusal>) {
    let ask = ImportAsk {
        profile_choice,
        profile: profile.to_owned(),
        path: None,
        file_name: "table.tsv".to_owned(),
        bytes: Some(table.len() as u64),
        dry_run: false,
        all_or_nothing: false,
        issuer: None,
        filters: Vec::new(),
    };
    client.send(&Request::Import(ask).encode().unwrap()).await;
    let chunk = Request::ImportChunk(ByteBuf::from(table.as_bytes().to_vec()));
    client.send(&chunk.encode().unwrap()).await;
    client.send(&Request::ImportEnd.encode().unwrap()).await;
    let (last, before) = client.last().await.unwrap();
    let Reply::Imported(report) = last else {
        panic!("{last:?}");
    };
    let rows = before.into_iter().filter_map(|reply| match reply {
        Reply::Refused(refused) => Some(refused.rows),
        _ => None,
    });
    let counts = (report.written, report.present, report.refused);
    (counts, rows.flatten().collect())
}

/// The alarm about statements that came too late: how many are to be made good, and from where on.
async fn alarm(client: &mut Client) -> Option<(String, String)> {
    let status = client.status().await;
    let mut alarms = status.alarms.into_iter();
    let alarm = alarms.find(|alarm| alarm.name.as_str() == "own-statements-late")?;
    let detail = |alarm: &AlarmView, name: &str| {
        let mut details = alarm.details.iter();
        let found = details.find(|detail| detail.name == name);
        found.map_or_else(String::new, |detail| detail.value.clone())
    };
    Some((detail(&alarm, "statements"), detail(&alarm, "from")))
}

/// The table as it reads with other facts in a row.
pub(super) fn with_facts(table: &str, row: usize, facts: &str) -> String {
    let lines = table.lines().enumerate().map(|(at, line)| {
        let (rest, said) = line.rsplit_once('\t').unwrap();
        let said = if at == row + 1 { facts } else { said };
        format!("{rest}\t{said}\n")
    });
    lines.collect()
}

/// What came too late to bind is decided anew by an import; what its author took back is not.
// spec: ADM-150, ADM-151, ADM-170
#[tokio::test(flavor = "multi_thread")]
async fn decision_that_came_too_late_is_taken_anew_unless_it_stands_or_was_taken_back() {
    let apart = hasty().await.part().await;
    let mut client = Client::open(&apart.member).await;
    let table = file(5);
    assert_eq!(taken(&mut client, &table).await.0, (5, 0, 0));
    assert_eq!(taken(&mut client, &table).await.0, (0, 5, 0));
    client.act(&withdrawal(&at(&apart.member, 1))).await;
    let corrected = "更正后的事实";
    let correction = correction_of_facts(&mut client, &at(&apart.member, 2), corrected).await;
    client.act(&correction).await;
    let pair = apart.meet(6).await;
    let mut client = Client::open(&pair.member).await;
    let found = effect(&mut client, &at(&pair.member, 0)).await;
    assert_eq!(found.validity, ValidityCode::Void);
    assert_eq!(alarm(&mut client).await, Some(("4".into(), "0".into())));
    // Late as it is, it can be taken back for good.
    client.act(&withdrawal(&at(&pair.member, 3))).await;
    assert_eq!(alarm(&mut client).await, Some(("3".into(), "0".into())));
    let (counts, refused) = taken(&mut client, &table).await;
    assert_eq!(counts, (2, 2, 1));
    assert_eq!(refused[0].reason.as_str(), "late-and-corrected");
    assert_eq!(refused[0].line, 4);
    assert_eq!(alarm(&mut client).await, Some(("1".into(), "2".into())));
    let as_corrected = with_facts(&table, 2, corrected);
    assert_eq!(taken(&mut client, &as_corrected).await.0, (1, 4, 0));
    assert_eq!(taken(&mut client, &as_corrected).await.0, (0, 5, 0));
    assert_eq!(alarm(&mut client).await, None);
    let (counts, refused) = taken(&mut client, &table).await;
    assert_eq!(counts, (0, 4, 1));
    assert_eq!(refused[0].reason.as_str(), "differs-from-stored");
    pair.stop().await;
}

/// What is granted stands, however late it came.
// spec: ADM-151
#[tokio::test(flavor = "multi_thread")]
async fn licence_that_came_late_is_present() {
    let apart = hasty().await.part().await;
    let mut client = Client::open(&apart.member).await;
    let inline = ProfileChoice::Inline;
    let first = import_with(&mut client, inline, LICENCES, LICENCE_TABLE).await;
    assert_eq!(first.0, (1, 0, 0));
    let pair = apart.meet(0).await;
    let mut client = Client::open(&pair.member).await;
    let found = effect(&mut client, &at(&pair.member, 0)).await;
    assert_eq!(found.validity, ValidityCode::InForce);
    let again = import_with(&mut client, inline, LICENCES, LICENCE_TABLE).await;
    assert_eq!(again.0, (0, 1, 0));
    // Nothing is to be made good.
    assert_eq!(alarm(&mut client).await, None);
    pair.stop().await;
}

/// An act whose target is void is none, and a decision that was taken back is corrected by nobody.
// spec: ADM-74
#[tokio::test(flavor = "multi_thread")]
async fn correction_of_what_is_void_or_withdrawn_is_refused() {
    let apart = hasty().await.part().await;
    let mut client = Client::open(&apart.member).await;
    assert_eq!(taken(&mut client, &file(2)).await.0, (2, 0, 0));
    let pair = apart.meet(1).await;
    let mut client = Client::open(&pair.member).await;
    let correction = correction_of_facts(&mut client, &at(&pair.member, 0), "更正").await;
    let refused = client.ask(&correction).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::NoEffect);
    assert_eq!(refused.detail("state"), Some("void"));
    client.act(&withdrawal(&at(&pair.member, 0))).await;
    let refused = client
        .ask(&withdrawal(&at(&pair.member, 0)))
        .await
        .unwrap_err();
    assert_eq!(refused.code, ErrorCode::NoEffect);
    assert_eq!(refused.detail("state"), Some("withdrawn"));
    pair.stop().await;
}

/// A ruling that came too late closes nothing; the same ruling made anew does, and nothing is left to do.
// spec: ADM-150
#[tokio::test(flavor = "multi_thread")]
async fn ruling_that_came_too_late_is_to_be_made_anew() {
    let pair = hasty().await;
    pair.import().await;
    let target = at(&pair.member, 0);
    let mut hub = Client::open(&pair.hub).await;
    hub.act(&objection(position(&target), false)).await;
    until(&pair.member.node, |node| {
        let effect = node.effect_of(&target, clock::today());
        effect.is_ok_and(|effect| !effect.suspended_by.is_empty())
    })
    .await;
    let apart = pair.part().await;
    let ruling = Request::Ruling(RulingAsk {
        target: position(&target),
        outcome: Outcome::Rejected,
        closes: Vec::new(),
        reasons: Text::new("经核实，事实无误。").unwrap(),
        issuer: None,
        dry_run: false,
    });
    let mut client = Client::open(&apart.member).await;
    client.act(&ruling).await;
    let pair = apart.meet(5).await;
    let mut client = Client::open(&pair.member).await;
    assert_eq!(alarm(&mut client).await, one_from(&pair.member, 5));
    client.act(&ruling).await;
    until(&pair.member.node, |node| {
        let effect = node.effect_of(&target, clock::today());
        effect.is_ok_and(|effect| effect.suspended_by.is_empty())
    })
    .await;
    assert_eq!(alarm(&mut client).await, None);
    pair.stop().await;
}

/// To take a repair back binds: what came too late has not done it, and is taken anew.
// spec: ADM-150, ADM-210, EFF-162
#[tokio::test(flavor = "multi_thread")]
async fn late_withdrawal_of_a_repair_is_to_be_made_anew() {
    let pair = hasty().await;
    pair.import().await;
    let target = at(&pair.member, 0);
    let mut client = Client::open(&pair.member).await;
    let repair = Request::Repair(RepairAsk {
        target: position(&target),
        effects: vec![RepairEffect::StopSharing],
        decided_on: None,
        reasons: Text::new("已履行义务").unwrap(),
        applied_on: None,
        issuer: None,
        dry_run: false,
    });
    let repair = client.act(&repair).await.reference.unwrap();
    let apart = pair.part().await;
    let mut client = Client::open(&apart.member).await;
    client.act(&withdrawal(&repair)).await;
    let pair = apart.meet(6).await;
    let mut client = Client::open(&pair.member).await;
    let found = effect(&mut client, &target).await;
    assert_eq!(found.repaired_by, std::slice::from_ref(&repair));
    assert_eq!(alarm(&mut client).await, one_from(&pair.member, 6));
    client.act(&withdrawal(&repair)).await;
    until(&pair.member.node, |node| {
        let effect = node.effect_of(&target, clock::today());
        effect.is_ok_and(|effect| effect.repaired.is_none())
    })
    .await;
    assert_eq!(alarm(&mut client).await, None);
    pair.stop().await;
}

/// What lightens a burden counts however late it came; of what only says something else, nothing does.
// spec: ADM-150
#[tokio::test(flavor = "multi_thread")]
async fn late_correction_that_counts_is_not_to_be_made_good() {
    let pair = hasty().await;
    pair.import().await;
    let (target, other) = (at(&pair.member, 0), at(&pair.member, 1));
    let mut client = Client::open(&pair.member).await;
    let raised = fix(&mut client, correction(&target, 500_000, None)).await;
    let raised = raised.unwrap().reference.unwrap();
    until(&pair.member.node, |node| {
        let effect = node.effect_of(&target, clock::today()).unwrap();
        effect.amounts.fine_fen == 500_000
    })
    .await;
    let apart = pair.part().await;
    let mut client = Client::open(&apart.member).await;
    let lowered = fix(&mut client, correction(&target, 100, Some(&raised))).await;
    let lowered = lowered.unwrap().reference.unwrap();
    assert_eq!(lowered, at(&apart.member, 6));
    let facts = correction_of_facts(&mut client, &other, "更正后的事实").await;
    client.act(&facts).await;
    let pair = apart.meet(7).await;
    let effect = pair.member.node.effect_of(&target, clock::today());
    assert_eq!(effect.unwrap().amounts.fine_fen, 100);
    let mut client = Client::open(&pair.member).await;
    assert_eq!(alarm(&mut client).await, one_from(&pair.member, 7));
    pair.stop().await;
}

/// A member whose mandate ended ten days ago says something that it dates back before that.
// spec: ADM-185, ADM-186
#[tokio::test(flavor = "multi_thread")]
async fn acts_after_their_mandate_are_told_of_and_new_ones_are_refused_naming_its_end() {
    let today = clock::today();
    let ended = Day::new(i64::from(today.value()) - 10).unwrap();
    let pair = Pair::start_planned(VIS_PUBLIC, |plan| {
        for mandate in &mut plan.members[0].mandates {
            mandate.until = Some(ended);
        }
    })
    .await;
    pair.import().await;
    let node = &pair.member.node;
    let origin = node.genesis().origin(node.member(), LogNumber::Statements);
    // The hub tells when it had seen no act.
    until(node, |node| {
        node.shared().heads_seen().last_logged(&origin).is_some()
    })
    .await;
    let target = at(&pair.member, 0);
    let mut client = Client::open(&pair.member).await;
    let view = client.statement(position(&target)).await;
    let about = view.about;
    let mut replacement = view.decision.unwrap().into_fields();
    let mut corrected = |fen| {
        replacement.fine_fen = Some(fen);
        let issued_at = clock::now().value() - 20 * 86_400_000;
        let payload = Payload {
            issued_at: concordat_protocol::time::Timestamp::new(issued_at).unwrap(),
            target: Some(target.clone()),
            register_size: Some(TreeSize::ZERO),
            batch: None,
            content: Content::Correction(Box::new(concordat_protocol::statement::Correction {
                reasons: Text::new("金额有误").unwrap(),
                replacement: Decision::new(replacement.clone()).unwrap(),
            })),
            ext: Ext::default(),
        };
        sign(node.signer(), node.member(), about, node.ctx(), &payload).unwrap()
    };
    let raised = corrected(900_000);
    let after_mandate = |alarms: Vec<AlarmView>| {
        let name = "own-acts-after-mandate";
        alarms.into_iter().find(|alarm| alarm.name.as_str() == name)
    };
    assert!(after_mandate(client.status().await.alarms).is_none());
    let taken = node.submit(LogNumber::Statements, vec![raised]).await;
    let index = taken.unwrap()[0].index;
    until(node, |node| {
        node.query().unwrap().store().holds(&origin, index)
    })
    .await;
    let alarm = after_mandate(client.status().await.alarms).expect("it is told of");
    let details = alarm.details.iter();
    let details: Vec<_> = details
        .map(|d| (d.name.as_str(), d.value.clone()))
        .collect();
    let (log, from) = (origin.to_string(), index.to_string());
    let said = [("log", log), ("statements", "1".into()), ("from", from)];
    assert_eq!(details, said);
    let refused = fix(&mut client, correction(&target, 100, None)).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.code, ErrorCode::NoMandate);
    assert_eq!(refused.detail("state"), Some("ended"));
    assert_eq!(refused.detail("ended"), Some(ended.to_string().as_str()));
    pair.stop().await;
}

/// A number that a void decision and the one made anew bear means the one that stands.
// spec: ADM-187
#[tokio::test(flavor = "multi_thread")]
async fn number_of_what_was_decided_anew_means_the_one_that_stands() {
    let apart = hasty().await.part().await;
    let mut client = Client::open(&apart.member).await;
    let table = file(1);
    assert_eq!(taken(&mut client, &table).await.0, (1, 0, 0));
    let pair = apart.meet(0).await;
    let mut client = Client::open(&pair.member).await;
    assert_eq!(taken(&mut client, &table).await.0, (1, 0, 0));
    let view = client.statement(position(&at(&pair.member, 0))).await;
    let fields = view.decision.unwrap().into_fields();
    let named = || Target::Document(Text::new(fields.document_number.as_str()).unwrap());
    let anew = at(&pair.member, 1);
    until(&pair.member.node, |node| {
        node.query()
            .unwrap()
            .store()
            .holds(&anew.origin, anew.index)
    })
    .await;
    assert_eq!(client.statement(named()).await.reference, anew);
    // Taken back, it is still the one that was meant.
    client.act(&withdrawal(&anew)).await;
    assert_eq!(client.statement(named()).await.reference, anew);
    // Two that stand are two.
    let mut twice = fields.clone();
    for fen in [100, 200] {
        twice.fine_fen = Some(fen);
        pair.decide(twice.clone()).await;
    }
    let ask = StatementAsk {
        target: named(),
        look_up: None,
        answers_skip: None,
        as_of: None,
    };
    let refused = client.ask(&Request::Statement(ask)).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::AmbiguousTarget);
    assert_eq!(refused.detail("count"), Some("2"));
    pair.stop().await;
}
