//! Several signatures.

use super::*;

fn proposal() -> Proposal {
    let mut net = Net::empty(Network::Production);
    let payload = net.proposal(Content::Enrolment(Box::new(city_enrolment())));
    Proposal::new(&payload).unwrap()
}

/// The network of the cases: nothing but a name, as long as nobody folds a registry.
fn network() -> Hash {
    Hash::from_bytes([8; 32])
}

fn approval_list(seeds: &[u8]) -> Vec<Vec<u8>> {
    let mut signers: Vec<_> = seeds.iter().map(|seed| key(*seed)).collect();
    signers.sort_by_key(|signer| signer.public_key().id());
    signers
        .iter()
        .map(|signer| sign_approval(signer, &network(), &proposal()))
        .collect()
}

pub(super) fn approved(seeds: &[u8]) -> Vec<u8> {
    let about = city().code();
    let approvals = approval_list(seeds);
    sign_approved(&key(HUB_KEY), hub(), about, ctx(), &proposal(), &approvals).unwrap()
}

/// An approval whose header names its network in another way, or not at all.
fn approval_with(network: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut header = vec![
        (vec![1], vec![0x27]),
        (vec![3], text(APPROVAL)),
        (vec![4], bytes(public(1).id().as_bytes())),
    ];
    header.extend_from_slice(network);
    let protected = map_of(&header);
    let mut writer = Writer::default();
    writer.raw(&[0xd2]).array(4).bytes(&protected).map(0).null();
    writer.bytes(&signature(&protected, proposal().as_bytes()));
    writer.finish()
}

pub(super) fn approvals() -> Vec<Case> {
    let signed_over = |about: &str, payload: &[u8]| {
        let mut header = header_entries(APPROVED);
        header[2].1 = bytes(public(HUB_KEY).id().as_bytes());
        header[3].1 = claims(hub().as_str(), about);
        signed(&map_of(&header), payload)
    };
    let under = |proposal: &[u8], approvals: &[Vec<u8>]| {
        let list = approvals
            .iter()
            .map(|approval| bytes(approval))
            .collect::<Vec<_>>()
            .concat();
        let mut head = Writer::default();
        head.array(approvals.len() as u64);
        let list = [head.finish(), list].concat();
        signed_over(
            city().as_str(),
            &map_of(&[(vec![1], bytes(proposal)), (vec![2], list)]),
        )
    };
    let good = approval_list(&[1, 2]);
    let proposal = proposal();
    let with = |approval: Vec<u8>| under(proposal.as_bytes(), &[approval]);
    let parts = |content_type: &str, kid: &[u8], payload: Option<&[u8]>, unprotected: &[u8]| {
        let protected = map_of(&[
            (vec![1], vec![0x27]),
            (vec![3], text(content_type)),
            (vec![4], bytes(kid)),
            (NETWORK.to_vec(), bytes(network().as_bytes())),
        ]);
        let mut writer = Writer::default();
        writer
            .raw(&[0xd2])
            .array(4)
            .bytes(&protected)
            .raw(unprotected);
        match payload {
            Some(payload) => writer.bytes(payload),
            None => writer.null(),
        };
        writer.bytes(&signature(&protected, proposal.as_bytes()));
        writer.finish()
    };
    let id = *public(1).id().as_bytes();
    let one = |name: &str, comment: &str, input, spec, cause| {
        Case::refused(name, comment, input, spec, cause)
    };
    let reversed: Vec<Vec<u8>> = good.iter().rev().cloned().collect();
    let twice = vec![good[0].clone(), good[0].clone()];
    let many: Vec<u8> = (200..217).collect();
    let only_proposal = map_of(&[(vec![1], bytes(proposal.as_bytes()))]);
    let only_approvals = map_of(&[(vec![2], [vec![0x81], bytes(&good[0])].concat())]);
    let third = [map_of(&[
        (vec![1], bytes(proposal.as_bytes())),
        (vec![2], [vec![0x81], bytes(&good[0])].concat()),
        (vec![3], vec![0]),
    ])]
    .concat();
    let decision = encoded();
    let about_subject = {
        let list = [vec![0x81], bytes(&good[0])].concat();
        signed_over(
            SUBJECT,
            &map_of(&[(vec![1], bytes(&decision)), (vec![2], list)]),
        )
    };
    vec![
        one(
            "reversed",
            "approvals not in the order of their keys",
            under(proposal.as_bytes(), &reversed),
            "STM-9",
            "ApprovalOrder",
        ),
        one(
            "twice",
            "one approver twice",
            under(proposal.as_bytes(), &twice),
            "STM-9",
            "ApprovalOrder",
        ),
        one(
            "seventeen",
            "more than 16 approvals",
            under(proposal.as_bytes(), &approval_list(&many)),
            "STM-9",
            "TooManyApprovals",
        ),
        one(
            "none",
            "the form for approvals without one",
            signed_over(city().as_str(), &only_proposal),
            "STM-9",
            "NoApproval",
        ),
        one(
            "empty list",
            "a list that is left out when empty",
            under(proposal.as_bytes(), &[]),
            "STM-15",
            "Decode.Shape",
        ),
        one(
            "no proposal",
            "approvals of nothing",
            signed_over(city().as_str(), &only_approvals),
            "STM-9",
            "Decode.Shape",
        ),
        one(
            "third entry",
            "a key that the form has not",
            signed_over(city().as_str(), &third),
            "STM-9",
            "Decode.Shape",
        ),
        one(
            "attached payload",
            "an approval with a payload of its own",
            with(parts(APPROVAL, &id, Some(proposal.as_bytes()), &[0xa0])),
            "STM-9",
            "ApprovalNotDetached",
        ),
        one(
            "unprotected entry",
            "an approval with an unprotected header",
            with(parts(APPROVAL, &id, None, &[0xa1, 4, 0])),
            "STM-9",
            "Decode.Unexpected",
        ),
        one(
            "approval of a statement's type",
            "another content type",
            with(parts(PLAIN, &id, None, &[0xa0])),
            "STM-9",
            "ContentType",
        ),
        one(
            "approval with a short kid",
            "a kid of 15 bytes",
            with(parts(APPROVAL, &id[1..], None, &[0xa0])),
            "STM-9",
            "Decode.Unexpected",
        ),
        one(
            "approval for no network",
            "an approval that would count in every network",
            with(approval_with(&[])),
            "STM-9",
            "Decode.Unexpected",
        ),
        one(
            "approval for a network of 31 bytes",
            "an approval that names half a network",
            with(approval_with(&[(NETWORK.to_vec(), bytes(&[8; 31]))])),
            "STM-9",
            "Decode.Unexpected",
        ),
        one(
            "approval with another label",
            "an approval with the label of ctx where that of the network belongs",
            with(approval_with(&[(vec![0x3a, 0, 1, 0, 0], bytes(&[8; 32]))])),
            "STM-9",
            "Decode.Unexpected",
        ),
        one(
            "approval cut short",
            "a byte too few",
            with(good[0][..good[0].len() - 1].to_vec()),
            "STM-9",
            "Decode.Truncated",
        ),
        one(
            "approval and more",
            "a byte after it",
            with([good[0].as_slice(), &[0]].concat()),
            "STM-9",
            "Decode.Trailing",
        ),
        one(
            "approval without tag",
            "an untagged approval",
            with(good[0][1..].to_vec()),
            "STM-9",
            "Decode.Unexpected",
        ),
        one(
            "proposal not a payload",
            "a proposal of other bytes",
            under(&[0xa0], &good),
            "STM-9",
            "Decode.Shape",
        ),
        one(
            "proposal not canonical",
            "a proposal in a longer form",
            under(&[0xb8, 0], &good),
            "CBOR-1",
            "Decode.NotShortest",
        ),
        one(
            "approved decision",
            "approvals that nobody looks at",
            about_subject,
            "STM-10",
            "Approved",
        ),
        one(
            "plain payload under the approved type",
            "no proposal",
            signed_over(SUBJECT, &decision),
            "STM-9",
            "Decode.Shape",
        ),
        one(
            "approved payload under the plain type",
            "no class",
            {
                let list = [vec![0x81], bytes(&good[0])].concat();
                signed(
                    &map_of(&header_entries(PLAIN)),
                    &map_of(&[(vec![1], bytes(proposal.as_bytes())), (vec![2], list)]),
                )
            },
            "STM-15",
            "Decode.Shape",
        ),
        one(
            "sub of another",
            "sub differs from the proposal",
            {
                let list = [vec![0x81], bytes(&good[0])].concat();
                signed_over(
                    SUBJECT,
                    &map_of(&[(vec![1], bytes(proposal.as_bytes())), (vec![2], list)]),
                )
            },
            "STM-13",
            "AboutAnother",
        ),
    ]
}
