internal import BusSupervisor

/// Lines of processes, each behind the name of its process.
struct SupervisorText: Sendable {
  private let width: Int
  private let paint: Paint

  /// For the processes of these programs.
  init(_ definitions: [ProcessDefinition], paint: Paint) {
    let names = definitions.map { $0.isNumbered ? "\($0.name).\($0.count)" : $0.name }
    width = names.map(\.count).max() ?? 0
    self.paint = paint
  }

  /// A line; what the supervisor itself says stands behind two dashes.
  func text(_ line: Supervisor.Line) -> String {
    switch line {
    case .output(let process, let text): prefix(process) + Printable.text(text)
    case .notice(let process, let notice): prefix(process) + paint("-- \(notice)", ink(notice))
    }
  }

  private func prefix(_ process: String) -> String {
    let engine = process.prefix { $0 != "." }
    let blanks = String(repeating: " ", count: max(0, width - process.count))
    return "\(paint(process, Paint.ink(of: String(engine))))\(blanks) | "
  }

  private func ink(_ notice: SupervisorNotice) -> Paint.Ink {
    switch notice {
    case .restarting, .failed, .killing, .stuck, .takingBack, .late, .looping, .refused: .red
    case .started, .ready, .draining, .stopping, .stopped, .worn, .recovered, .scaled, .listening, .tookOver: .faint
    }
  }
}
