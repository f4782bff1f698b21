internal import BusProtocol
internal import BusSigning

/// Seals the contexts of the jobs that one principal asks for.
struct ContextSealer {
  let key: SigningKey
  let giver: Name

  /// The request with its contexts sealed; requests without jobs are as they were.
  func sealed(_ request: Request) throws(KeyError) -> Request {
    switch request {
    case .enqueue(let number, let jobs): return .enqueue(request: number, jobs: try sealed(jobs))
    case .commit(let number, var commit):
      commit.jobs = try sealed(commit.jobs)
      return .commit(request: number, commit: commit)
    case .enqueueGroup(let number, let group):
      return .enqueueGroup(request: number, group: JobGroup(try sealed(group.jobs), try sealed(group.kind)))
    default: return request
    }
  }

  private func sealed(_ kind: JobGroup.Kind) throws(KeyError) -> JobGroup.Kind {
    guard case .batch(var then, let size, let first) = kind else { return kind }
    try ContextSeal.seal(&then, givenBy: giver, with: key)
    return .batch(then: then, size: size, first: first)
  }

  private func sealed(_ jobs: [NewJob]) throws(KeyError) -> [NewJob] {
    var jobs = jobs
    for index in jobs.indices { try ContextSeal.seal(&jobs[index], givenBy: giver, with: key) }
    return jobs
  }
}
