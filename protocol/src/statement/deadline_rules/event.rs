//! What a deadline counts from, and what meets it.

use crate::codec::code_enum;

// spec: DL-7
code_enum! {
    /// 期限事件: the closed list of events that start or meet a deadline.
    pub enum DeadlineEvent {
        /// 作出决定: a decision was made.
        Decided = 1,
        /// 市场监管处罚（本省当事人）: a penalty of market regulation on a party of the same province.
        MarketPenaltyDecided = 2,
        /// 市场监管处罚（外省当事人）: the same on a party that is registered in another province.
        MarketPenaltyElsewhereDecided = 3,
        /// 轻微失信决定: a decision whose record counts as minor.
        MinorBreachDecided = 4,
        /// 一般失信决定: a decision whose record counts as general.
        GeneralBreachDecided = 5,
        /// 严重失信决定: a decision whose record counts as serious.
        SeriousBreachDecided = 6,
        /// 公示: it was published, or reported where others publish.
        Published = 7,
        /// 送达: it was served or delivered.
        Served = 8,
        /// 推送外省: it was pushed to the province of registration.
        Pushed = 9,
        /// 数据报送: data came in at the platform.
        DataReceived = 10,
        /// 数据核验: the platform checked what came in.
        DataChecked = 11,
        /// 收到异议: an objection was received.
        ObjectionReceived = 12,
        /// 标注异议: the record was marked as objected.
        ObjectionMarked = 13,
        /// 收到异议（本单位信息）: an objection was received to what the receiver itself provided.
        ObjectionInOwnScope = 14,
        /// 收到异议（需提供单位核查）: an objection was received that needs the provider of the data.
        ObjectionNeedsProvider = 15,
        /// 转交异议: an objection was forwarded to the provider.
        ObjectionForwarded = 16,
        /// 核查异议: an objection was checked.
        ObjectionChecked = 17,
        /// 提供单位答复: the provider answered.
        ProviderAnswered = 18,
        /// 异议延期: the day on which a period for an objection ran out that was extended.
        ObjectionExtended = 19,
        /// 处理异议: an objection was ruled on.
        Ruled = 20,
        /// 变更或撤销决定: a decision was changed, annulled, or found unlawful or void.
        DecisionRevoked = 21,
        /// 撤下公示并说明理由: the publication was taken down, with reasons.
        TakenDown = 22,
        /// 依据撤销更新: the update that the basis was revoked reached a receiver.
        BasisRevoked = 23,
        /// 停止措施: a receiver withdrew what it did on that basis.
        MeasuresWithdrawn = 24,
        /// 反馈停止情况: a receiver reported what it withdrew.
        WithdrawalReported = 25,
        /// 申请修复: repair was applied for.
        RepairApplied = 26,
        /// 修复预审: the application was looked at before its acceptance.
        RepairPreReviewed = 27,
        /// 受理修复: the application was accepted or not.
        RepairAccepted = 28,
        /// 修复延期: the day on which a period for a repair ran out that was extended.
        RepairExtended = 29,
        /// 答复修复: the application was answered.
        RepairAnswered = 30,
        /// 实施措施: measures were applied, to be fed back.
        MeasuresApplied = 31,
        /// 反馈措施: the month's feedback on measures was given.
        MeasuresFedBack = 32,
        /// 红名单认定: subjects were found fit for the red list.
        RedListFound = 33,
        /// 发布红名单: the quarter's red list was published.
        RedListPublished = 34,
        /// 统计期末: a period of statistics ended.
        StatisticsPeriodEnded = 35,
        /// 报送统计: statistics were reported.
        StatisticsReported = 36,
        /// 最近一次失信: the last breach on record.
        LastBreach = 37,
        /// 绿色通道: the fast lane is open from then on.
        FastLaneOpened = 38,
        /// 最短公示期满: the shortest publication is over; repair can be applied for.
        ShortestPublicationEnded = 39,
        /// 最长公示期满: the longest publication is over.
        LongestPublicationEnded = 40,
        /// 不良行为终止: the breach itself ended, or was found.
        BreachEnded = 41,
        /// 停止披露: nothing of it is disclosed any more.
        DisclosureEnded = 42,
        /// 查询: a record was queried.
        Queried = 43,
        /// 查询记录保存期满: the record of the query may go.
        QueryRecordKept = 44,
        /// 发起或推送: an authority was asked by an initiation or a push.
        Asked = 45,
        /// 响应: it responded.
        Responded = 46,
    }
}

impl DeadlineEvent {
    /// Whether the event is a term running out rather than something that somebody does. Such a day
    /// is not moved by a holiday: nobody has to work on it.
    #[must_use]
    pub const fn is_lapse(self) -> bool {
        matches!(
            self,
            Self::FastLaneOpened
                | Self::ShortestPublicationEnded
                | Self::LongestPublicationEnded
                | Self::DisclosureEnded
                | Self::QueryRecordKept
        )
    }
}
