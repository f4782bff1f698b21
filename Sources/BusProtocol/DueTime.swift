/// When a job is due under wishes that come one after another: the earliest of them, or a pause after the last.
package struct DueTime: Hashable, Sendable {
  /// When it is due; nil for at once.
  package var at: Timestamp?
  /// The latest moment to which wishes may put it off; nil while none does.
  package var bound: Timestamp?

  package init(at: Timestamp?, bound: Timestamp? = nil) {
    self.at = at
    self.bound = bound
  }

  /// That of the first wish.
  package init(of wish: NewJob, at now: Timestamp) {
    self.init(at: wish.dueAt)
    guard wish.dueAt == nil, let debounce = wish.debounce else { return }
    (at, bound) = (now + debounce.after, now + debounce.atMost)
  }

  /// Takes one wish more. One that names a time, or none and no pause, is not put off by later ones.
  package mutating func take(_ wish: NewJob, at now: Timestamp) {
    guard let at else { return }
    guard wish.dueAt == nil, let debounce = wish.debounce else {
      self.at = wish.dueAt.map { min(at, $0) }
      bound = bound.map { min($0, wish.dueAt ?? now) }
      return
    }
    guard at > now else { return }
    let latest = min(bound ?? at, now + debounce.atMost)
    (self.at, bound) = (min(now + debounce.after, latest), latest)
  }
}
