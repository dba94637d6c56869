extension ResultSummary {
  /// alpha by each estimator, beside chance.
  static func direction(_ result: EvaluationResult) -> SummaryTable? {
    guard let direction = result.direction else { return nil }
    let isPixels = direction.unit == ImageUnit.pixels.publishedName
    return SummaryTable(
      title:
        "Direction of the gradient: mean cosines, |cos| by chance \(fixed(direction.chance, 4)); no rule uses them",
      rows: direction.alphaDx.map { ["to the closest class, \($0.estimator)", withInterval($0.value, 3)] } + [
        ["image, absolute\(isPixels ? ", pixels in [-1, 1]" : "")", withInterval(direction.alphaX, 3)]
      ])
  }

  /// The curve of DiffROAR.
  static func roar(_ result: EvaluationResult) -> SummaryTable? {
    guard let roar = result.roar else { return nil }
    return SummaryTable(
      title: "DiffROAR: accuracy of networks trained on what gradients point to; no rule uses it",
      header: ["left", "largest gradients", "smallest", "difference"],
      rows: roar.points.map { point in
        [
          significant(point.share, digits: 3, trimming: true), fixed(point.top.value, 3), fixed(point.bottom.value, 3),
          withInterval(point.difference, 3),
        ]
      }, remarks: ["whole images \(fixed(roar.unmasked.value, 3))"])
  }
}
