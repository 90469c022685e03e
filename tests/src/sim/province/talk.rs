//! What cities and departments of a province say: penalties, and acts on each other's.

use concordat_node::core::{CoreInput, Submission};
use concordat_protocol::codec::Ext;
use concordat_protocol::effect::Fact;
use concordat_protocol::log::TreeSize;
use concordat_protocol::statement::{
    ActType, BasisLevel, Code, Content, Correction, Decision, DecisionFields, Ground, LegalBasis,
    Objection, ObjectorRole, Outcome, Payload, Remedy, RemedyKind, Ruling, Service, ServiceWay,
    Withdrawal, WithdrawalReason, sign,
};
use concordat_protocol::subject::{Form, Subject, SubjectCheck};
use concordat_protocol::time::Day;
use concordat_protocol::trust::LogNumber;

use super::*;

impl Province {
    /// Has somebody say something, as chance will have it.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn say(&mut self) -> Result<(), Failure> {
        let Some(speaker) = self.rng.pick(&self.speakers).cloned() else {
            return Ok(());
        };
        let choice = self.rng.within(0, 10);
        let about = match choice {
            0..=3 => None,
            8.. => self.some(&speaker, |content| content.objection().is_some()),
            _ => self.some(&speaker, |content| matches!(content, Content::Decision(_))),
        };
        let content = match (choice, &about) {
            (0..=3, _) => self.penalty(None),
            (_, None) => return Ok(()),
            (4 | 5, Some(target)) if target.issuer() == speaker.code => self.correction(target),
            (6, Some(target)) if target.issuer() == speaker.code => withdrawal(),
            (8.., Some(objection)) => return self.rule(&speaker, objection),
            (_, Some(target)) => self.objection(target),
        };
        match content {
            Some(content) => self.submit(&speaker, about.as_ref(), content).map(drop),
            None => Ok(()),
        }
    }

    /// Has a speaker decide, and gives the place of the decision.
    ///
    /// # Errors
    /// [`Failure`] when it may not speak now.
    pub fn decide(&mut self, speaker: usize) -> Result<StatementRef, Failure> {
        let content = self.penalty(None);
        self.must_say(speaker, None, content)
    }

    /// Has a speaker receive an objection to a decision.
    ///
    /// # Errors
    /// [`Failure`] when it may not speak now, or does not hold the decision.
    pub fn object(
        &mut self,
        speaker: usize,
        decision: &StatementRef,
    ) -> Result<StatementRef, Failure> {
        let node = self.speakers.get(speaker).map(|speaker| speaker.node);
        let core = node.and_then(|node| self.cluster.core(node));
        let target = core.and_then(|core| self.eyes.at(core, decision));
        let content = target.as_ref().and_then(|target| self.objection(target));
        self.must_say(speaker, target.as_ref(), content)
    }

    /// Has a speaker receive an objection to a decision, on a ground on which there is none.
    pub(super) fn object_if_new(
        &mut self,
        speaker: usize,
        decision: &StatementRef,
    ) -> Result<(), Failure> {
        let Some(speaker) = self.speakers.get(speaker).cloned() else {
            return Ok(());
        };
        let core = self.cluster.core(speaker.node);
        let target = core.and_then(|core| self.eyes.at(core, decision));
        let content = target.as_ref().and_then(|target| self.objection(target));
        content.map_or(Ok(()), |content| {
            self.submit(&speaker, target.as_ref(), content)
        })
    }

    fn must_say(
        &mut self,
        speaker: usize,
        target: Option<&Fact>,
        content: Option<Content>,
    ) -> Result<StatementRef, Failure> {
        let said = self.cluster.said.len();
        let speaker = self.speakers.get(speaker).cloned();
        if let Some((speaker, content)) = speaker.zip(content) {
            self.submit(&speaker, target, content)?;
        }
        self.cluster.run_for(200)?;
        match self.cluster.said.get(said) {
            Some(said) => Ok(said.reference.clone()),
            None => self.cluster.fail("nothing was said".to_owned()),
        }
    }

    /// A statement that the node of a speaker holds.
    fn some(&mut self, speaker: &Speaker, wanted: fn(&Content) -> bool) -> Option<Fact> {
        let core = self.cluster.core(speaker.node)?;
        for _ in 0..8 {
            let said = self.rng.pick(&self.cluster.said)?;
            let fact = self
                .eyes
                .at(core, &said.reference)
                .filter(|_| holds(core, &said.reference));
            if let Some(fact) = fact.filter(|fact| wanted(&fact.payload().content)) {
                return Some(fact);
            }
        }
        None
    }

    /// The issuer of the decision rejects an objection that its node holds.
    fn rule(&mut self, speaker: &Speaker, objection: &Fact) -> Result<(), Failure> {
        let Some(target) = objection.payload().target.clone() else {
            return Ok(());
        };
        let core = self.cluster.core(speaker.node);
        let decision = core.and_then(|core| self.eyes.at(core, &target));
        let issuer = decision.as_ref().map(Fact::issuer);
        let ruler = self
            .speakers
            .iter()
            .find(|one| Some(one.code) == issuer)
            .cloned();
        let (Some(ruler), Some(decision)) = (ruler, decision) else {
            return Ok(());
        };
        let held = self.cluster.core(ruler.node).is_some_and(|core| {
            holds(core, objection.reference()) && holds(core, decision.reference())
        });
        let reasons = text("the facts stand");
        let ruling = reasons.and_then(|reasons| {
            let closes = vec![objection.reference().clone()];
            Ruling::new(Outcome::Rejected, closes, reasons).ok()
        });
        match ruling.filter(|_| held) {
            Some(ruling) => self
                .submit(&ruler, Some(&decision), Content::Ruling(ruling))
                .map(drop),
            None => Ok(()),
        }
    }

    fn submit(
        &mut self,
        speaker: &Speaker,
        target: Option<&Fact>,
        content: Content,
    ) -> Result<(), Failure> {
        let now = self.cluster.time();
        let core = self.cluster.core(speaker.node);
        let Some(core) = core.filter(|core| *core.signing() == Signing::Open) else {
            return Ok(());
        };
        let registry = core.registry();
        let register = registry.genesis().register_origin();
        let size = core.shared().logs().get(&register).map(|log| log.size());
        let enrolled = registry.member(speaker.code).is_some();
        let about = match target {
            Some(target) => target.payload().content.subject(),
            None => content.subject(),
        };
        let payload = Payload {
            issued_at: now,
            target: target.map(|target| target.reference().clone()),
            register_size: target.map(|_| size.unwrap_or(TreeSize::ZERO)),
            batch: None,
            content,
            ext: Ext::default(),
        };
        let ctx = registry.ctx();
        let Some(about) = about.filter(|_| enrolled) else {
            return Ok(());
        };
        let Ok(bytes) = sign(&speaker.key, speaker.code, about, ctx, &payload) else {
            return self.cluster.fail("a statement is too long".to_owned());
        };
        let ticket = self.cluster.ticket();
        self.cluster
            .pending
            .insert(ticket, (payload.class(), about));
        let submission = Submission {
            ticket,
            log: LogNumber::Statements,
            statements: vec![bytes],
        };
        self.cluster
            .feed(speaker.node, CoreInput::Submit(submission))
    }

    fn penalty(&mut self, of: Option<Subject>) -> Option<Content> {
        self.penalty_fields(of)
            .map(|decision| Content::Decision(Box::new(decision)))
    }

    fn penalty_fields(&mut self, of: Option<Subject>) -> Option<Decision> {
        let region = RegionCode::parse("230100").ok()?;
        let serial = format!("MA{:06}", self.rng.within(0, 1_000_000));
        let subject = match of {
            Some(subject) => subject,
            None => {
                let code = SubjectCode::compose("91", region, &serial).ok()?;
                Subject::new(
                    code,
                    SubjectCheck::Ok,
                    Form::Enterprise,
                    text("Test subject")?,
                )
                .ok()?
            }
        };
        let on = Day::from_ymd(2026, 3, 1).ok()?;
        Decision::new(DecisionFields {
            subject,
            document_number: text(&format!("No. {}", self.rng.next()))?,
            act_type: ActType::Penalty,
            item: Code::new("test.penalty").ok()?,
            decided_on: on,
            service: Some(Service {
                on,
                way: ServiceWay::Direct,
            }),
            basis: vec![LegalBasis {
                law: text("劳动法")?,
                article: text("第九十一条")?,
                level: BasisLevel::Law,
            }],
            facts: text("late wages"),
            content: None,
            penalty_classes: Vec::new(),
            fine_fen: Some(self.rng.within(100, 1_000_000)),
            confiscation_fen: None,
            duties: Vec::new(),
            valid_from: None,
            valid_until: None,
            publication_until: Some(Day::from_ymd(2027, 3, 1).ok()?),
            remedies: vec![Remedy {
                kind: RemedyKind::Reconsideration,
                body: text("市人民政府")?,
                within_days: 60,
            }],
            reissues: None,
            rests_on: Vec::new(),
            synthetic: Vec::new(),
            source: None,
            published_on: None,
            listing: None,
        })
        .ok()
    }

    fn correction(&mut self, target: &Fact) -> Option<Content> {
        let subject = target
            .payload()
            .content
            .decision()?
            .fields()
            .subject
            .clone();
        Some(Content::Correction(Box::new(Correction {
            reasons: text("the amount was wrong")?,
            replacement: self.penalty_fields(Some(subject))?,
        })))
    }

    /// On a ground on which nobody has objected to it before, so that no rejection keeps it back.
    fn objection(&mut self, target: &Fact) -> Option<Content> {
        let ground = *self.rng.pick(Ground::ALL)?;
        let code = u8::try_from(ground.code()).ok()?;
        if !self.objected.insert((target.reference().clone(), code)) {
            return None;
        }
        let day = Day::of(self.cluster.time()).ok()?;
        let objection = Objection::new(ObjectorRole::Subject, ground, day, false, None);
        Some(Content::Objection(objection))
    }
}

fn withdrawal() -> Option<Content> {
    Some(Content::Withdrawal(Withdrawal {
        reason: WithdrawalReason::Duplicate,
        reasons: text("reported twice")?,
        exit: None,
    }))
}

fn text<const MAX: usize>(text: &str) -> Option<Text<MAX>> {
    Text::new(text).ok()
}
