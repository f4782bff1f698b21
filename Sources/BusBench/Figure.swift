import Bus

/// One number that a run gave, with what it is.
struct Figure: Equatable, Sendable {
  /// What a number counts.
  enum Unit: String, Sendable {
    case perSecond = "/s"
    case microseconds = "us"
    case milliseconds = "ms"
    case seconds = "s"
    case megabytes = "MB"
    case bytes = "bytes"
    case percent = "%"
    case count = ""
  }

  let what: String
  let value: Double
  let unit: Unit

  init(_ what: String, _ value: Double, _ unit: Unit) {
    self.what = what
    self.value = value
    self.unit = unit
  }

  /// Middle and 99th percentile of latencies.
  static func quantiles(_ what: String, _ histogram: LatencyHistogram) -> [Figure] {
    [("p50", 0.5), ("p99", 0.99)].map { name, share in
      Figure("\(what), \(name)", (histogram.quantile(share) ?? .zero) / .microseconds(1), .microseconds)
    }
  }
}

/// What a benchmark's runs gave: of each figure the median and the range.
struct Summary {
  /// One figure over all runs.
  struct Row: Equatable {
    let what: String
    let unit: Figure.Unit
    var values: [Double]

    var median: Double {
      let sorted = values.sorted()
      guard let last = sorted.last else { return 0 }
      let middle = sorted.count / 2
      return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : min(sorted[middle], last)
    }

    var range: ClosedRange<Double> { (values.min() ?? 0)...(values.max() ?? 0) }
  }

  let benchmark: Benchmark
  let command: String
  private(set) var rows: [Row] = []

  init(_ benchmark: Benchmark, command: String) {
    self.benchmark = benchmark
    self.command = command
  }

  /// Takes the figures of a run; those of one name are one row.
  mutating func add(_ figures: [Figure]) {
    for figure in figures {
      if let index = rows.firstIndex(where: { $0.what == figure.what }) {
        rows[index].values.append(figure.value)
      } else {
        rows.append(Row(what: figure.what, unit: figure.unit, values: [figure.value]))
      }
    }
  }
}
