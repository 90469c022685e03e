//! The register of look-ups: receipts, proofs, review, what was shown and holds no more, missed checks.

#[path = "look_ups/keys.rs"]
mod keys;

use concordat_protocol::admin::{
    LookUpListAsk, LookUpMissedAsk, LookUpOutdatedAsk, LookUpProofView, LookUpProveAsk,
    LookUpReviewAsk, LookUpToldAsk, LookUpsMissedView, LookUpsOutdatedView, LookUpsView,
    ValidityCode,
};
use concordat_protocol::bundle::verify_look_up;
use concordat_protocol::codec::Truth;
use concordat_protocol::effect::Validity;
use concordat_protocol::log::{CompactRange, Hash};
use concordat_protocol::lookup::{
    Case, Finding, LookUpReceipt, LookUpRow, SaltedRow, Scenario, answer_digest,
};
use concordat_protocol::statement::QueryRoot;

use super::*;

fn ask_about(code: SubjectCode) -> Request {
    Request::Subject(SubjectAsk {
        code,
        look_up: LookUp {
            scenario: Some(Scenario::Tendering),
            receipt: Some(Truth),
            ..look_up()
        },
        as_of: None,
        skip: None,
        records_skip: None,
        clean_since: None,
        clean_years: None,
    })
}

impl Client {
    /// A look-up with its receipt.
    async fn look_up(&mut self, code: SubjectCode) -> (Vec<u8>, SubjectAnswer) {
        self.send(&ask_about(code).encode().unwrap()).await;
        let (last, before) = self.last().await.unwrap();
        match (last, &before[..]) {
            (Reply::Subject(answer), [Reply::Receipt(receipt)]) => (receipt.to_vec(), *answer),
            other => panic!("{other:?}"),
        }
    }

    async fn prove(&mut self, receipt: &[u8]) -> Result<(Vec<u8>, LookUpProofView), AdminError> {
        let receipt = ByteBuf::from(receipt.to_vec());
        let ask = Request::LookUpProve(LookUpProveAsk { receipt });
        self.send(&ask.encode().unwrap()).await;
        let (last, chunks) = self.last().await?;
        let Reply::LookUpProof(view) = last else {
            panic!("{last:?}")
        };
        let mut bytes = Vec::new();
        for chunk in chunks {
            match chunk {
                Reply::Chunk(chunk) => bytes.extend_from_slice(&chunk),
                other => panic!("{other:?}"),
            }
        }
        Ok((bytes, view))
    }

    async fn rows(&mut self, ask: LookUpListAsk) -> LookUpsView {
        let ask = Request::LookUpList(Box::new(ask));
        match self.ask(&ask).await.unwrap() {
            Reply::LookUps(view) => *view,
            other => panic!("{other:?}"),
        }
    }

    async fn outdated(&mut self) -> LookUpsOutdatedView {
        let ask = Request::LookUpOutdated(LookUpOutdatedAsk { skip: None });
        match self.ask(&ask).await.unwrap() {
            Reply::LookUpsOutdated(view) => *view,
            other => panic!("{other:?}"),
        }
    }
}

async fn about(pair: &Pair) -> SubjectCode {
    let mut client = Client::open(&pair.member).await;
    client.statement(position(&pair.first())).await.about
}

/// The hub starts again: the root of what it was asked is due at once.
async fn restart_hub(pair: Pair) -> Pair {
    restart_hub_after(pair, |_| {}).await
}

/// The same, with something done to the hub's directory in between.
async fn restart_hub_after(pair: Pair, change: impl FnOnce(&Path)) -> Pair {
    let Pair {
        hub,
        member,
        listen,
        network,
        directory,
    } = pair;
    hub.admin.stop().await;
    hub.node.stop().await;
    let code = hub.node.member();
    drop(hub.node);
    change(&directory.path().join(code.as_str()));
    let hub = start(directory.path(), code, &listen[0], false).await;
    hub.node.wait_signing().await;
    Pair {
        hub,
        member,
        listen,
        network,
        directory,
    }
}

// spec: LKP-1, LKP-10, LKP-13, LKP-14, LKP-15, LKP-22, ADM-310, ADM-311
#[tokio::test(flavor = "multi_thread")]
async fn look_up_has_a_receipt_at_once_that_is_proven_under_a_logged_root_later() {
    let pair = Pair::start().await;
    pair.import().await;
    let code = about(&pair).await;
    let anchor = pair.hub.node.genesis().id();
    let mut client = Client::open(&pair.hub).await;
    client.look_up(code).await;
    let (receipt, answer) = client.look_up(code).await;
    let read = LookUpReceipt::decode(&receipt).unwrap();
    let key = pair.hub.node.signer().public_key();
    read.verify_signature(&key).unwrap();
    let row = read.row();
    assert_eq!((row.number, answer.look_up_row), (1, 1));
    assert_eq!(row.scenario, Some(Scenario::Tendering));
    assert_eq!(row.case_number.as_str(), "2026-118");
    assert_eq!(row.shown[0].reference, pair.first());
    assert_eq!(row.shown[0].validity, Some(ValidityCode::InForce));
    assert_eq!(row.horizon.unwrap().registry, pair.hub.node.ctx().size);
    let said = Reply::Subject(Box::new(answer)).encode().unwrap();
    assert_eq!(row.answer, answer_digest(read.salted().salt(), &said));

    let (file, view) = client.prove(&receipt).await.unwrap();
    assert_eq!((view.number, view.root), (1, None));
    let verified = verify_look_up(&file, &anchor).unwrap();
    assert!(verified.root.is_none() && verified.key_is_current);
    drop(client);

    let pair = restart_hub(pair).await;
    let origin = pair
        .hub
        .node
        .genesis()
        .origin(pair.hub.node.member(), LogNumber::Statements);
    until(&pair.hub.node, |node| {
        let witnessed = node.shared().witnessed();
        let witnessed = witnessed.get(&origin).map(|log| log.size);
        witnessed.is_some_and(|size| node.shared().look_up_root(1, size).is_some())
    })
    .await;
    let mut client = Client::open(&pair.hub).await;
    let (file, view) = client.prove(&receipt).await.unwrap();
    let verified = verify_look_up(&file, &anchor).unwrap();
    let root = verified.root.unwrap();
    assert_eq!(Some(root.reference), view.root);
    assert_eq!(root.root.size.value(), 2);
    assert!(root.is_witnessed);
    // Numbers go on where they were.
    assert_eq!(client.look_up(code).await.1.look_up_row, 2);
    drop(client);
    pair.stop().await;
}

// spec: LKP-13, LKP-15
#[tokio::test(flavor = "multi_thread")]
async fn receipt_that_was_edited_made_up_or_is_another_nodes_is_not_proven() {
    let pair = Pair::start().await;
    pair.import().await;
    let code = about(&pair).await;
    let mut client = Client::open(&pair.hub).await;
    let (receipt, _) = client.look_up(code).await;
    let mut elsewhere = Client::open(&pair.member).await;
    let refused = elsewhere.prove(&receipt).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::OtherNode);
    let mut edited = receipt.clone();
    let at = edited.len() - 70;
    edited[at] ^= 1;
    let refused = client.prove(&edited).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::VerificationFailed);
    // Signed with the right key, but of rows that the register does not have.
    let node = &pair.hub.node;
    for (number, before) in [
        (0, CompactRange::new()),
        (1, {
            let mut range = CompactRange::new();
            range.append(Hash::from_bytes([3; 32])).unwrap();
            range
        }),
    ] {
        let row = LookUpRow {
            refused: None,
            number,
            ..LookUpReceipt::decode(&receipt).unwrap().row().clone()
        };
        let salted = SaltedRow::new([8; 32], &row).unwrap();
        let made_up =
            LookUpReceipt::sign(node.signer(), node.member(), node.ctx(), &salted, &before);
        let refused = client.prove(&made_up.unwrap()).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::RowNotFound, "{refused:?}");
    }
    let (file, _) = client.prove(&receipt).await.unwrap();
    let anchor = node.genesis().id();
    let mut changed = file.clone();
    changed[40] ^= 1;
    assert!(verify_look_up(&changed, &anchor).is_err());
    assert!(verify_look_up(&file[..file.len() - 1], &anchor).is_err());
    let other = Hash::from_bytes([1; 32]);
    assert!(verify_look_up(&file, &other).is_err());
    drop((client, elsewhere));
    pair.stop().await;
}

// spec: ADM-312, ADM-313, LKP-42, LKP-43, LKP-60, LKP-61
#[tokio::test(flavor = "multi_thread")]
async fn register_is_listed_reviewed_and_tells_which_cases_were_missed() {
    let pair = Pair::start().await;
    let mut client = Client::open(&pair.hub).await;
    pair.import().await;
    let code = about(&pair).await;
    let other = SubjectCode::parse("91230400MA0000015M").unwrap();
    client.look_up(code).await;
    client.subject(other).await;
    let all = client.rows(LookUpListAsk::default()).await;
    let numbers: Vec<_> = all.rows.iter().map(|view| view.row.number).collect();
    assert_eq!((numbers, all.total), (vec![1, 0], 2));
    let of = |subject| LookUpListAsk {
        subject: Some(subject),
        ..LookUpListAsk::default()
    };
    assert_eq!(client.rows(of(code)).await.total, 1);
    let nothing = LookUpListAsk {
        purpose: Some(Text::new("贷款").unwrap()),
        ..LookUpListAsk::default()
    };
    assert_eq!(client.rows(nothing).await.total, 0);
    let review = |rows| {
        Request::LookUpReview(LookUpReviewAsk {
            rows,
            finding: Finding::NoCase,
        })
    };
    assert_eq!(
        client.refused(&review(vec![0, 2])).await,
        ErrorCode::RowNotFound
    );
    client.ask(&review(vec![1])).await.unwrap();
    let open = LookUpListAsk {
        unreviewed: Some(Truth),
        ..LookUpListAsk::default()
    };
    assert_eq!(client.rows(open).await.total, 1);
    let reviewed = client
        .rows(of(other))
        .await
        .rows
        .remove(0)
        .reviewed
        .unwrap();
    assert_eq!(reviewed.finding, Some(Finding::NoCase));
    assert_eq!(client.status().await.look_ups_unreviewed, Some(1));

    let case = |number: &str, subject| Case {
        number: Text::new(number).unwrap(),
        subject,
        scenario: Scenario::Approval,
        decided_on: clock::today(),
    };
    let cases = vec![case("2026-118", code), case("2026-119", code)];
    let ask = Request::LookUpMissed(LookUpMissedAsk { cases });
    let Reply::LookUpsMissed(view) = client.ask(&ask).await.unwrap() else {
        panic!("no cases")
    };
    let LookUpsMissedView {
        found, kept_since, ..
    } = *view;
    assert_eq!((view.gone, view.behind), (None, None));
    let found: Vec<_> = found.iter().map(|first| first.case).collect();
    assert_eq!(found, [0]);
    assert_eq!(kept_since, Some(clock::today()));
    let cases = vec![case("2026-118", code); 2_049];
    let many = Request::LookUpMissed(LookUpMissedAsk { cases });
    assert_eq!(client.refused(&many).await, ErrorCode::TooLarge);
    drop(client);
    pair.stop().await;
}

/// A member that says of its register that rows were lost is shown so, and told of to whoever oversees.
// spec: LKP-89, LKP-90, IDX-119
#[tokio::test(flavor = "multi_thread")]
async fn register_of_a_member_that_lost_rows_is_told_of_at_the_hub() {
    let pair = Pair::start().await;
    let node = &pair.member.node;
    let says = async |resumed_after: Option<u64>| {
        let payload = Payload {
            issued_at: node.date(),
            target: None,
            register_size: None,
            batch: None,
            content: Content::QueryRoot(QueryRoot {
                size: TreeSize::new(3).unwrap(),
                root: Hash::from_bytes([4; 32]),
                from: node.date(),
                until: node.date(),
                resumed_after: resumed_after.map(LeafIndex::new),
            }),
            ext: Ext::default(),
        };
        let about = node.member().code();
        let signed = sign(node.signer(), node.member(), about, node.ctx(), &payload).unwrap();
        let taken = node.submit(LogNumber::Statements, vec![signed]).await;
        taken.unwrap().remove(0)
    };
    let held = |at: &StatementRef| {
        let at = at.clone();
        move |node: &Node| node.query().unwrap().store().holds(&at.origin, at.index)
    };
    let plain = says(None).await;
    until(&pair.hub.node, held(&plain)).await;
    let mut hub = Client::open(&pair.hub).await;
    let told = |status: &StatusView| {
        let mut alarms = status.alarms.iter();
        let alarm = alarms.find(|alarm| alarm.name.as_str() == "look-ups-resumed");
        let details = alarm.map(|alarm| alarm.details.iter());
        details.map(|details| details.map(|one| one.value.clone()).collect::<Vec<_>>())
    };
    assert_eq!(told(&hub.status().await), None);
    let said = says(Some(0)).await;
    until(&pair.hub.node, held(&said)).await;
    let expected = [node.member().to_string(), said.index.value().to_string()];
    assert_eq!(told(&hub.status().await), Some(expected.to_vec()));
    let root = hub.statement(position(&said)).await.look_up_root.unwrap();
    assert_eq!(root.resumed_after, Some(LeafIndex::new(0)));
    let root = hub.statement(position(&plain)).await.look_up_root.unwrap();
    assert_eq!(root.resumed_after, None);
    // It is no news to who said it, and none for who oversees nobody.
    let mut member = Client::open(&pair.member).await;
    assert_eq!(told(&member.status().await), None);
    drop((hub, member));
    pair.stop().await;
}

// spec: LKP-50, LKP-51, LKP-52, LKP-53, LKP-54, LKP-55, LKP-64
#[tokio::test(flavor = "multi_thread")]
async fn whoever_looked_up_a_decision_that_was_taken_back_is_listed_until_told() {
    let pair = Pair::start().await;
    pair.import().await;
    let code = about(&pair).await;
    let mut client = Client::open(&pair.hub).await;
    client.look_up(code).await;
    let bundle = Request::BundleExport(BundleAsk {
        target: position(&pair.first()),
        look_up: Some(look_up()),
        receiver: None,
    });
    client.ask(&bundle).await.unwrap();
    assert_eq!(client.outdated().await.total, 0);
    let told = |row, mark: &Text<16>| {
        let marks = vec![mark.clone()];
        Request::LookUpTold(LookUpToldAsk { row, marks })
    };
    let no_mark = Text::new("0123456789abcdef").unwrap();
    let early = told(0, &no_mark);
    assert_eq!(client.refused(&early).await, ErrorCode::NothingOpen);
    let mut member = Client::open(&pair.member).await;
    let withdrawal = WithdrawalAsk {
        target: position(&pair.first()),
        reason: WithdrawalReason::WrongSubject,
        reasons: Text::new("主体有误。").unwrap(),
        issuer: None,
        dry_run: false,
        exit: None,
    };
    let by = member.act(&Request::Withdrawal(withdrawal)).await;
    let by = by.reference.unwrap();
    // A quorum may have cosigned its leaf before its body is here.
    until(&pair.hub.node, |node| {
        let horizon = node.horizon();
        let log = horizon.logs.get(&by.origin);
        let effect = node.effect_of(&pair.first(), clock::today());
        let is_withdrawn =
            effect.is_ok_and(|effect| matches!(effect.validity, Validity::Withdrawn { .. }));
        is_withdrawn && log.is_some_and(|log| log.witnessed.contains(by.index))
    })
    .await;
    let outdated = client.outdated().await;
    let [row, handed_out] = &outdated.rows[..] else {
        panic!("{outdated:?}")
    };
    assert_eq!((row.number, row.case_number.as_str()), (0, "2026-118"));
    assert_eq!(row.then.validity, Some(ValidityCode::InForce));
    assert!(row.not_about.is_some());
    assert_eq!(handed_out.number, 1);
    assert_eq!(handed_out.then, row.then);
    assert_eq!((row.now.validity, &row.now.by), (None, &None));
    assert_eq!(row.now.reference, pair.first());
    let alarms = client.status().await.alarms;
    assert!(
        alarms
            .iter()
            .any(|alarm| alarm.name.as_str() == "lookups-outdated"),
        "{alarms:?}"
    );
    // The mark of another row, or of how it stood before, is not that of what holds now.
    for wrong in [&no_mark, &handed_out.mark] {
        assert_eq!(
            client.refused(&told(0, wrong)).await,
            ErrorCode::ShownChanged
        );
    }
    let marks = Vec::new();
    let unmarked = Request::LookUpTold(LookUpToldAsk { row: 0, marks });
    assert_eq!(client.refused(&unmarked).await, ErrorCode::BadRequest);
    assert_eq!(client.outdated().await.total, 2);
    let told_now = told(0, &row.mark);
    client.ask(&told_now).await.unwrap();
    assert_eq!(client.outdated().await.total, 1);
    client.ask(&told(1, &handed_out.mark)).await.unwrap();
    assert_eq!(client.outdated().await.total, 0);
    let rows = client.rows(LookUpListAsk::default()).await.rows;
    assert!(rows[0].told.is_some());
    assert_eq!(client.refused(&told_now).await, ErrorCode::NothingOpen);
    // Who looks now sees how it stands.
    client.look_up(code).await;
    assert_eq!(client.outdated().await.total, 0);
    drop((client, member));
    pair.stop().await;
}
