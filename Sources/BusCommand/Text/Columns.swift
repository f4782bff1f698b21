/// Lays rows out in columns that are as wide as they have to be, two blanks apart.
struct Columns {
  /// One text and its ink.
  struct Cell: Equatable {
    var text: String
    var ink: Paint.Ink

    init(_ text: String, _ ink: Paint.Ink = .plain) {
      self.text = Printable.line(text)
      self.ink = ink
    }
  }

  /// How a column stands.
  enum Alignment {
    case left
    case right
  }

  /// The titles and how their columns stand.
  private let titles: [(title: String, alignment: Alignment)]
  private var rows: [[Cell]] = []

  init(_ titles: [(String, Alignment)]) { self.titles = titles.map { (title: $0.0, alignment: $0.1) } }

  /// Adds a row with a cell for each column.
  mutating func add(_ cells: [Cell]) {
    precondition(cells.count == titles.count, "a row has a cell for each column")
    rows.append(cells)
  }

  /// The lines, the titles first; cut to the terminal's columns where there is a terminal.
  func lines(paint: Paint, terminalColumns: Int?) -> [String] {
    let heading = titles.map { Cell($0.title, .bold) }
    let widths = titles.indices.map { column in
      ([heading] + rows).map { DisplayWidth.of($0[column].text) }.max() ?? 0
    }
    return ([heading] + rows).map { line($0, widths, paint: paint, terminalColumns: terminalColumns) }
  }

  private func line(_ cells: [Cell], _ widths: [Int], paint: Paint, terminalColumns: Int?) -> String {
    var line = ""
    var used = 0
    for (column, cell) in cells.enumerated() {
      let gap = column == 0 ? 0 : 2
      let space = terminalColumns.map { max(0, $0 - used - gap) } ?? .max
      guard space > 0 else { break }
      let text = DisplayWidth.truncate(cell.text, to: space)
      let blanks = String(repeating: " ", count: min(space, max(0, widths[column] - DisplayWidth.of(text))))
      line += String(repeating: " ", count: gap)
      line += titles[column].alignment == .right ? blanks + paint(text, cell.ink) : paint(text, cell.ink) + blanks
      used += gap + max(widths[column], DisplayWidth.of(text))
    }
    while line.last == " " { line.removeLast() }
    return line
  }
}
