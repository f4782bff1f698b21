internal import BusProtocol
internal import Synchronization

/// The names that workers have by their types: to ask the runtime for one costs more than the rest of a job's draft.
enum WorkerNames {
  /// Bounded by the types of the program.
  private static let known = Mutex<[ObjectIdentifier: Name]>([:])

  /// The type's own name, without what it is nested in.
  static func name<W: Worker>(of worker: W.Type) -> Name {
    if let name = known.withLock({ $0[ObjectIdentifier(worker)] }) { return name }
    do {
      let name = try Name(String(describing: worker), of: "worker")
      known.withLock { $0[ObjectIdentifier(worker)] = name }
      return name
    } catch {
      preconditionFailure("\(error.message); give the worker a `static let name`")
    }
  }
}
