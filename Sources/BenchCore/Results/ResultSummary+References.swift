extension ResultSummary {
  /// Learned manifold and score, and how close they are to the exact ones, the second reference and the criteria; empty where
  /// the task's own were used.
  static func references(_ task: TaskRecord) -> [String] {
    guard !task.hasOwnReferences else { return [] }
    return ["References that are not the task's own"]
      + fields(manifold(task.manifold) + score(task.score) + second(task.secondReference) + criteria(task.criteria))
      .flatMap { ["  \($0)"] }
  }

  private static func manifold(_ manifold: TaskRecord.ManifoldRecord?) -> [(name: String, value: String)] {
    guard let manifold, let learned = manifold.learned else { return [] }
    var rows = [
      ("manifold", "\(manifold.id) \(learned.id), dimension \(manifold.dimension)"), ("", learned.checkpoint.sha256),
    ]
    if let quality = manifold.quality {
      rows += [
        (
          "  angles",
          "to \(quality.exact) (dimension \(quality.exactDimension)), in degrees: "
            + "mean \(withInterval(quality.meanAngleDegrees, 2)), median \(fixed(quality.medianAngleDegrees.value, 2)), "
            + "largest \(fixed(quality.largestAngleDegrees.value, 1))"
        ),
        (
          "  shares",
          "\(fixed(quality.withinShare.value, 4)) of the estimated directions within the exact tangent space, which they "
            + "cover to \(fixed(quality.coveredShare.value, 3))"
        ),
      ]
    }
    return rows
  }

  private static func second(_ second: TaskRecord.SecondReferenceRecord?) -> [(name: String, value: String)] {
    guard let second else { return [] }
    return [
      (
        "reference",
        "\(second.id) \(second.learned?.id ?? ""), noise \(brief(second.noise)); its classifier has accuracy "
          + withInterval(second.accuracy, 3)
      ), ("", second.learned?.checkpoint.sha256 ?? ""),
    ]
  }

  private static func criteria(_ criteria: CriteriaSource?) -> [(name: String, value: String)] {
    criteria.map { [("criteria", $0.file), ("", $0.sha256)] } ?? []
  }

  private static func scaling(_ score: TaskRecord.ScoreRecord) -> [(name: String, value: String)] {
    score.scaledTo.map {
      [
        (
          "  compared",
          "with images scaled down to \($0.dropFirst().map(String.init).joined(separator: " x "))"
            + (score.ofTrueClass == true ? ", of the true class" : "")
        )
      ]
    } ?? []
  }

  private static func score(_ score: TaskRecord.ScoreRecord?) -> [(name: String, value: String)] {
    guard let score, let learned = score.learned else { return [] }
    return [
      ("score", "\(score.id) \(learned.id), noise \(score.noise.map { brief($0) }.joined(separator: ", "))"),
      ("", learned.checkpoint.sha256),
    ] + scaling(score)
      + (score.quality ?? []).map { quality in
        (
          "  cosine",
          "to \(quality.exact) at \(quality.input.rawValue) images, noise \(brief(quality.noise)): "
            + "\(withInterval(quality.cosine, 3)); relative error \(fixed(quality.relativeError.value, 3))"
        )
      }
  }
}
