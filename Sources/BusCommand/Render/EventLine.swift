internal import BusProtocol

/// An event as one line: time, topic, source, place, data.
struct EventLine {
  var time: TimeText
  var paint: Paint
  /// The terminal's columns, nil for no cutting.
  var columns: Int?
  /// How wide topic and source have been so far: columns that only grow keep the lines apart.
  private var topicWidth = 18
  private var sourceWidth = 14

  /// The widest that a column grows.
  private static let widest = 40

  init(time: TimeText, paint: Paint, columns: Int?) {
    self.time = time
    self.paint = paint
    self.columns = columns
  }

  /// The line of an event.
  mutating func text(_ event: Event) -> String {
    let source = Printable.line(event.headers.source ?? "-")
    topicWidth = min(EventLine.widest, max(topicWidth, event.topic.text.utf8.count))
    sourceWidth = min(EventLine.widest, max(sourceWidth, DisplayWidth.of(source)))
    let parts: [(String, Paint.Ink, Int)] = [
      (time(event.recordedAt), .faint, 0), (event.topic.text, Paint.ink(of: event.topic.text), topicWidth),
      (source, .plain, sourceWidth), (event.offset.description, .faint, 0),
      (Printable.line(String(decoding: event.data, as: UTF8.self)), .plain, 0),
    ]
    var line = ""
    var used = 0
    for (text, ink, width) in parts {
      let gap = used == 0 ? 0 : 2
      let space = columns.map { $0 - used - gap } ?? .max
      guard space > 0 else { break }
      let shown = DisplayWidth.truncate(text, to: space)
      let shownWidth = DisplayWidth.of(shown)
      let blanks = min(max(0, width - shownWidth), space - shownWidth)
      line += String(repeating: " ", count: gap) + paint(shown, ink) + String(repeating: " ", count: blanks)
      used += gap + shownWidth + blanks
    }
    while line.last == " " { line.removeLast() }
    return line
  }
}
