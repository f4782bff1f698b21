package import BusProtocol

extension Reply {
  /// The number of the request that it answers.
  package var request: UInt64? {
    switch self {
    case .carried(let request, _, _), .published(let request, _, _), .events(let request, _),
      .announced(let request, _, _), .withdrawn(let request, _), .subscribed(let request), .committed(let request, _),
      .enqueued(let request, _), .finished(let request, _, _), .noted(let request, _),
      .answer(let request, _), .changed(let request, _):
      request
    case .refused(let request, _): request
    case .welcome, .granted, .jobs, .beaten, .cancel, .head, .ping: nil
    }
  }
}
