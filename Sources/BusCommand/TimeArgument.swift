internal import BusProtocol

/// Finds the place in the spool that a word on the command line means.
struct TimeArgument {
  let bus: Connection

  /// Everything up to the place is before what is meant: an event or an offset is excluded, a moment's events are not.
  func offset(_ word: TimeWord) async throws -> Offset {
    switch word {
    case .offset(let offset): return offset
    case .event(let id):
      let answer = try await bus.ask("why", ["event": .string(id.description)])
      guard let number = answer["event"]?["offset"].flatMap(UInt64.init(jsonValue:)) else { return .zero }
      return Offset(number)
    case .time(let time): return try await offset(before: time)
    }
  }

  /// The last event recorded before the moment: halves what is kept until it is found. What is no longer kept is
  /// before any moment.
  private func offset(before time: Timestamp) async throws -> Offset {
    // Recorded before the moment: all up to `low`; not before it: all behind `high`.
    var (low, high) = (UInt64(0), bus.headAtStart.rawValue)
    while low < high {
      let middle = low + (high - low) / 2
      guard let event = try await bus.read(after: Offset(middle), patterns: ["*"], limit: 1).events.first else { break }
      if event.recordedAt < time { low = event.offset.rawValue } else { high = middle }
    }
    return Offset(low)
  }

  /// Reads a word that means a moment to come.
  static func moment(_ text: String, option: String) throws -> Timestamp {
    guard case .time(let time) = try word(text, option: option, direction: .future) else {
      throw CommandError(
        .usage, "'\(text)' is a place, not a time", where: option, help: "for example 09:30 or tomorrow")
    }
    return time
  }

  /// Reads a word, or says what could have been written.
  static func word(_ text: String, option: String, direction: TimeWord.Direction = .past) throws -> TimeWord {
    guard let word = TimeWord(text, now: SystemClock.now(), zone: SystemClock.zone, direction: direction) else {
      throw CommandError(.usage, "'\(text)' is no time", where: option, help: "write one of \(TimeWord.forms)")
    }
    return word
  }
}
