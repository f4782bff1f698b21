internal import BusProtocol
internal import BusStore
internal import Logging

/// Events to come: kept by the store until their time, then published and forgotten.
extension StoreLoop {
  /// Events whose time has come; they are forgotten once the spool has them.
  func takeDueAnnouncements() -> [Announcement] {
    guard announcements.wantsMore(now: thread.now) else { return [] }
    do {
      let due = try store.announcements(dueBy: now(), limit: AnnouncementDesk.limit)
      announcements.taken(due.map(\.id))
      return due
    } catch {
      logger.error("the events to come could not be read", metadata: ["error": "\(error)"])
      announcements.failed(now: thread.now)
      return []
    }
  }

  func forget(_ ids: [EventID], failed: [EventID]) {
    counters.add(ids.count, to: .eventsAnnounced)
    announcements.published(ids, failed: failed, now: thread.now)
    if !ids.isEmpty { add(.withdraw(ids)) { _, _ in } }
  }
}
