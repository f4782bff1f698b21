/// A line and what stands below it, drawn as a tree.
struct TreeNode: Equatable {
  /// What is said.
  var text: String
  /// More about it, one point a line.
  var notes: [String] = []
  /// What led to it, or what came of it.
  var children: [TreeNode] = []

  /// The lines, the node's own first.
  var lines: [String] { [text] + below(indent: "") }

  private func below(indent: String) -> [String] {
    let stem = children.isEmpty ? " " : "│"
    var lines = notes.map { "\(indent)\(stem) \($0)" }
    for (index, child) in children.enumerated() {
      let isLast = index == children.count - 1
      lines.append("\(indent)\(isLast ? "└" : "├") \(child.text)")
      lines += child.below(indent: "\(indent)\(isLast ? " " : "│") ")
    }
    return lines
  }
}
