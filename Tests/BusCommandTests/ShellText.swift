/// A line of a shell as the documents write it: words, quotes, a comment, and commands one behind the other.
struct ShellText {
  /// The commands of the line, each the words that its program gets.
  private(set) var commands: [[String]] = []

  private var words: [String] = []
  private var word: String?
  private var quote: Character?

  init(_ line: String) {
    for character in line {
      if character == "#", quote == nil, word == nil { break }
      add(character)
    }
    endCommand()
  }

  private mutating func add(_ character: Character) {
    switch (character, quote) {
    case (_, let open?): if character == open { quote = nil } else { word?.append(character) }
    case ("'", nil), ("\"", nil):
      quote = character
      word = word ?? ""
    case (" ", nil): endWord()
    case ("|", nil), ("&", nil), (";", nil), ("(", nil), (")", nil): endCommand()
    default: word = (word ?? "") + String(character)
    }
  }

  private mutating func endWord() {
    if let word { words.append(word) }
    word = nil
  }

  private mutating func endCommand() {
    endWord()
    if !words.isEmpty { commands.append(words) }
    words = []
  }
}
