internal import BusProtocol

/// Decides of each event whether it is shown, and whether it is the last one.
struct TailFilter {
  /// What to do with an event.
  enum Verdict: Equatable {
    case show
    case skip
    /// Show it, and end.
    case showLast
    /// It is behind the end: end.
    case end
  }

  /// Text that topic, source or data must contain.
  var text: String?
  /// What must hold of it.
  var `where`: BoundFilter?
  /// Topics that are not shown.
  var excluded: TopicFilter
  /// After so many shown events it is the end.
  var count: Int?
  /// Behind this place or moment is the end.
  var until: TimeWord?
  private var shown = 0

  init(
    text: String? = nil, where: BoundFilter? = nil, excluded: [TopicPattern] = [], count: Int? = nil,
    until: TimeWord? = nil
  ) {
    self.text = text
    self.where = `where`
    self.excluded = TopicFilter(excluded)
    self.count = count
    self.until = until
  }

  /// Decides about the next event.
  mutating func verdict(_ event: Event) -> Verdict {
    switch until {
    case .offset(let last) where event.offset > last: return .end
    case .time(let last) where event.recordedAt > last: return .end
    default: break
    }
    let isLast = until == .offset(event.offset) || until == .event(event.id)
    guard isWanted(event) else { return isLast ? .end : .skip }
    shown += 1
    return isLast || shown == count ? .showLast : .show
  }

  /// Whether no event behind the place will be shown.
  func isOver(at offset: Offset) -> Bool {
    if case .offset(let last)? = until { return offset >= last }
    return count == 0
  }

  /// In the order of what they cost.
  private func isWanted(_ event: Event) -> Bool {
    !excluded.wants(event.topic) && contains(event) && (`where`?.matches(EventSubject(event)) ?? true)
  }

  private func contains(_ event: Event) -> Bool {
    guard let text else { return true }
    return event.topic.text.contains(text) || event.headers.source?.contains(text) ?? false
      || String(decoding: event.data, as: UTF8.self).contains(text)
  }
}
