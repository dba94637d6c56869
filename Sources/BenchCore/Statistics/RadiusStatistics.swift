/// What is told of the smallest radii of many images, with the project's intervals: percentiles over bootstrap resamples of the images.
package enum RadiusStatistics {
  /// The share of images whose smallest radius is larger.
  /// - Parameter named: radii, with how they are customarily written.
  package static func robustAccuracy(
    _ radii: [Double?], at named: [(radius: Double, name: String?)], seed: UInt64
  ) -> [RobustAccuracy] {
    guard !named.isEmpty else { return [] }
    let table = SampleTable(
      named.enumerated().map { index, named in
        ("\(index)", radii.map { ($0 ?? .infinity) > named.radius ? 1 : 0 })
      })
    let means = Bootstrap(imageCount: radii.count, seed: seed).means(of: table)
    return named.enumerated().map { index, named in
      RobustAccuracy(radius: named.radius, name: named.name, accuracy: means.mean("\(index)"))
    }
  }

  /// The median, infinite where it is censored: a censored radius is larger than all others.
  /// - Precondition: there is a radius.
  package static func median(of radii: [Double?]) -> Double {
    let sorted = radii.map { $0 ?? .infinity }.sorted()
    // Of an even number, the mean of the two in the middle.
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }

  /// The same with its interval; a median that is censored is not told.
  package static func median(_ radii: [Double?], seed: UInt64) -> Estimate {
    let bootstrap = Bootstrap(imageCount: radii.count, seed: seed)
    let values = radii.map { $0 ?? .infinity }
    let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
    func median(_ counts: [Double]) -> Double {
      let (below, above) = ((radii.count - 1) / 2, radii.count / 2)
      var passed = 0
      var lower: Double?
      for image in order {
        passed += Int(counts[image])
        if lower == nil, passed > below { lower = values[image] }
        if let lower, passed > above { return (lower + values[image]) / 2 }
      }
      return .nan
    }
    let resampled = (0..<bootstrap.resamples).map { median(bootstrap.counts(ofResample: $0)) }
    return Estimate(point: Self.median(of: radii), resampled: resampled, undefined: 0)
  }

  /// As the code of the paper on directions: the last crossing of the threshold from below, interpolated linearly.
  /// - Parameters:
  ///   - radii: in the unit of the images.
  ///   - grid: in the paper's, where pixels lie in [-1, 1] and every length is twice as large.
  package static func published(
    _ radii: [Double?], grid: [Double], unit: ImageUnit = .pixels
  ) -> PublishedMedian {
    let points = [0] + grid
    let errors = points.map { point in
      Double(radii.count { $0.map { $0 <= point / unit.publishedScale } ?? false }) / Double(radii.count)
    }
    let threshold = min(0.5, errors[errors.count - 1] - 0.01)
    var value: Double? = errors[0] >= threshold ? 0 : nil
    for index in 1..<points.count where errors[index] >= threshold && errors[index - 1] < threshold {
      let share = (threshold - errors[index - 1]) / (errors[index] - errors[index - 1])
      value = points[index - 1] + share * (points[index] - points[index - 1])
    }
    return PublishedMedian(
      unit: unit.publishedName, grid: grid, errors: errors, threshold: threshold, value: value,
      isMedian: threshold == 0.5)
  }
}
