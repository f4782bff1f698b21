internal import BusProtocol

extension FuzzTarget {
  static let filterTargets = [
    // A filter, a zero byte, the data of the event that it is asked about.
    FuzzTarget("filter", seeds: { FuzzSeeds.filters.map { Array($0.utf8) + [0] + FuzzSeeds.document } }) { bytes in
      let (text, data) = bytes.halves
      let filter = try Filter(String(fuzz: text))
      let long = filter.description
      if long.utf8.count <= Filter.maximumByteCount {
        try comesBack(filter, as: "a filter") { try Filter(long) }
      }
      let event = EventSubject(
        Event(id: FuzzSeeds.event, topic: FuzzSeeds.topic, data: Array(data), time: FuzzSeeds.time))
      var job = FuzzSeeds.job
      if case .object(let inputs)? = try? JSONParser.parse(data) { job.wish.inputs = inputs }
      try ask(filter, of: event, as: .events)
      try ask(filter, of: JobSubject(job), as: .jobs)
    }
  ]

  /// What can be bound answers, and its negation the other way.
  private static func ask(_ filter: Filter, of subject: some FilterSubject, as kind: FilterKind) throws {
    let bound: BoundFilter
    do { bound = try filter.bound(to: kind, at: FuzzSeeds.time) } catch {
      try require("\(error)".utf8.count < Filter.maximumByteCount * 4, "an error has a length that an attacker chooses")
      return
    }
    let passes = bound.matches(subject)
    // Length, depth and number of tests are what the negation may break.
    guard let negation = try? Filter("not (\(filter))") else { return }
    let opposite = try succeed("a filter's negation cannot be bound") {
      try negation.bound(to: kind, at: FuzzSeeds.time)
    }
    try require(opposite.matches(subject) != passes, "a filter and its negation agree")
  }
}
