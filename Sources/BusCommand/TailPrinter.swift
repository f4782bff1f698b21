internal import BusProtocol
internal import Synchronization

/// Prints the events of a tail and knows where it stands.
final class TailPrinter: Sendable {
  private struct State {
    var filter: TailFilter
    var line: EventLine
    var place = Offset.zero
    var isOver = false
  }

  private let output: OutputOptions
  private let state: Mutex<State>

  init(output: OutputOptions, filter: TailFilter) {
    self.output = output
    let terminal = output.terminal
    let line = EventLine(time: output.timeText, paint: terminal.paint, columns: terminal.columns)
    state = Mutex(State(filter: filter, line: line))
  }

  /// Prints what is wanted of the events; false when that was the end.
  func print(_ events: [Event]) throws -> Bool {
    let (lines, goesOn) = state.withLock { state -> ([String], Bool) in
      guard !state.isOver else { return ([], false) }
      state.line.time.now = SystemClock.now()
      var lines: [String] = []
      for event in events {
        let verdict = state.filter.verdict(event)
        if verdict != .end { state.place = event.offset }
        if verdict == .show || verdict == .showLast { lines.append(text(event, &state)) }
        state.isOver = verdict == .end || verdict == .showLast
        if state.isOver { break }
      }
      return (lines, !state.isOver)
    }
    try Output.write(lines: lines)
    return goesOn
  }

  /// Says that events were asked for that are no longer kept.
  func tell(missing range: ClosedRange<UInt64>?) {
    guard let range else { return }
    Output.say("-- events #\(range.lowerBound) to #\(range.upperBound) are no longer kept")
  }

  /// Whether nothing behind the place, or after now, is wanted.
  func isOver(at place: Offset, now: Timestamp) -> Bool {
    state.withLock { state in
      if case .time(let last)? = state.filter.until, last <= now { return true }
      return state.isOver || state.filter.isOver(at: place)
    }
  }

  /// When nothing more is wanted.
  var deadline: Timestamp? {
    state.withLock { if case .time(let last)? = $0.filter.until { last } else { nil } }
  }

  /// The last event that was looked at.
  func place(atLeast place: Offset) -> Offset { state.withLock { max($0.place, place) } }

  private func text(_ event: Event, _ state: inout State) -> String {
    output.json ? event.cloudEvent.text : state.line.text(event)
  }
}
