public import BusProtocol

/// Events to come: kept in the same file, so that they are told of in the same transaction as jobs.
extension SQLiteJobStore {
  func announce(_ announcements: [Announcement]) throws -> Int {
    try announcements.reduce(0) { count, announcement in
      var headers: [UInt8] = []
      try announcement.headers.append(to: &headers)
      return try count
        + statements.announce.bind(announcement.id).bind(announcement.dueAt).bind(announcement.topic.text)
        .bind(blob: announcement.data).bind(blob: headers).run()
    }
  }

  func withdraw(_ ids: [EventID]) throws -> [EventID] {
    try ids.filter { try statements.withdraw.bind($0).run() > 0 }
  }

  /// When the first event to come is due.
  public func nextAnnouncement() throws(StoreError) -> Timestamp? {
    try reading("the events to come", ofRuns: false) { try statements.nextAnnouncement.first { $0.time() } ?? nil }
  }

  /// Events to come that are due by a moment, the first due first.
  public func announcements(dueBy moment: Timestamp, limit: Int) throws(StoreError) -> [Announcement] {
    try reading("the events to come", ofRuns: false) {
      try statements.announcements.bind(moment).bind(limit).all { row in
        guard let id: EventID = row.id(), let dueAt = row.time() else {
          throw StoreError(.corrupt, "an event to come has no id: restore from a backup")
        }
        return Announcement(
          id: id, topic: try Topic(row.text() ?? ""), data: row.blob(), dueAt: dueAt,
          headers: try EventHeaders(row.blob()[...]))
      }
    }
  }
}
