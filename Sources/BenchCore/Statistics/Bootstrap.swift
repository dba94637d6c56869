import Tensor

/// Joint bootstrap over images: every column of a table is resampled with the same images, so that ratios and rules,
/// which combine columns, keep the dependence between them.
///
/// The means of all resamples are one product of resample counts and columns.
package struct Bootstrap: Sendable {
  package static let defaultResamples = 1000

  package let imageCount: Int
  package let resamples: Int
  private let stream: RandomStream

  /// - Precondition: `imageCount` and `resamples` are positive.
  package init(imageCount: Int, resamples: Int = defaultResamples, seed: UInt64) {
    precondition(imageCount > 0 && resamples > 0, "nothing to resample")
    self.imageCount = imageCount
    self.resamples = resamples
    stream = RandomStream(seed: seed, name: "bootstrap")
  }

  /// How often each image occurs in a resample.
  package func counts(ofResample resample: Int) -> [Double] {
    var counts = [Double](repeating: 0, count: imageCount)
    for image in stream.integers(item: resample, count: imageCount, below: imageCount) { counts[image] += 1 }
    return counts
  }

  /// - Precondition: the table has `imageCount` rows.
  package func means(of table: SampleTable) -> ResampledMeans { means(of: table, checkCancellation: {}) }

  /// - Parameter checkCancellation: called between blocks of resamples; throws where the user asked to stop.
  func means(of table: SampleTable, checkCancellation: () throws -> Void) rethrows -> ResampledMeans {
    precondition(table.rowCount == imageCount, "\(table.rowCount) rows, \(imageCount) images")
    let names = table.columns.map(\.name)
    // A column with undefined values needs its own denominator: the count of defined values in the resample.
    let partial = table.columns.indices.filter { table.columns[$0].values.contains(where: \.isNaN) }
    let width = names.count + partial.count
    var values = Matrix(rows: imageCount, columns: width)
    for (index, column) in table.columns.enumerated() {
      for (row, value) in column.values.enumerated() where !value.isNaN { values[row, index] = value }
    }
    for (offset, index) in partial.enumerated() {
      for (row, value) in table.columns[index].values.enumerated() where !value.isNaN {
        values[row, names.count + offset] = 1
      }
    }
    let sums = try product(with: values, checkCancellation)
    var denominators = [Int](repeating: -1, count: names.count)
    for (offset, index) in partial.enumerated() { denominators[index] = names.count + offset }
    var columns: [String: ResampledMeans.Column] = [:]
    for (index, column) in table.columns.enumerated() {
      let defined = column.values.filter { !$0.isNaN }
      let resampled = (0..<resamples).map { resample in
        let count = denominators[index] < 0 ? Double(imageCount) : sums[resample, denominators[index]]
        return count > 0 ? sums[resample, index] / count : .nan
      }
      columns[column.name] = ResampledMeans.Column(
        mean: defined.isEmpty ? .nan : defined.reduce(0, +) / Double(defined.count), resampled: resampled,
        undefined: imageCount - defined.count)
    }
    return ResampledMeans(imageCount: imageCount, resamples: resamples, columns: columns)
  }

  /// Resamples x columns, from blocks of resamples so that the counts of all of them never exist at once.
  private func product(with values: Matrix, _ checkCancellation: () throws -> Void) rethrows -> Matrix {
    let block = 50
    var scalars: [Double] = []
    scalars.reserveCapacity(resamples * values.columns)
    for start in stride(from: 0, to: resamples, by: block) {
      try checkCancellation()
      let range = start..<min(start + block, resamples)
      let counts = Matrix(rows: range.count, columns: imageCount, scalars: range.flatMap(counts(ofResample:)))
      scalars.append(contentsOf: counts.times(values).scalars)
    }
    return Matrix(rows: resamples, columns: values.columns, scalars: scalars)
  }
}

/// The mean of every column of a table over the images, and over each bootstrap resample of them.
package struct ResampledMeans: Sendable {
  package struct Column: Sendable {
    /// NaN where no image has a value.
    package let mean: Double
    package let resampled: [Double]
    /// Number of images without a value.
    package let undefined: Int
  }

  package let imageCount: Int
  package let resamples: Int
  private let columns: [String: Column]

  init(imageCount: Int, resamples: Int, columns: [String: Column]) {
    self.imageCount = imageCount
    self.resamples = resamples
    self.columns = columns
  }

  package subscript(name: String) -> Column? { columns[name] }

  /// A column that the caller has just measured.
  func column(_ name: String) -> Column {
    guard let column = columns[name] else { preconditionFailure("no column \(name)") }
    return column
  }

  /// - Precondition: the column exists.
  package func mean(_ name: String) -> Estimate {
    let column = column(name)
    return Estimate(point: column.mean, resampled: column.resampled, undefined: column.undefined)
  }

  /// The ratio of two means. Undefined where the denominator is zero.
  /// - Precondition: both columns exist.
  package func ratio(_ numerator: String, over denominator: String) -> Estimate {
    let (above, below) = (column(numerator), column(denominator))
    return Estimate(
      point: above.mean / below.mean, resampled: zip(above.resampled, below.resampled).map { $0 / $1 },
      undefined: max(above.undefined, below.undefined))
  }
}
