import BenchCore
import Foundation

/// Whether gradients lead attacks on a model (Athalye et al. 2018; Carlini et al. 2019, "On Evaluating Adversarial Robustness"): an
/// attack that should be weaker and finds more, or gradients that are not there, speak of masking.
///
/// All are asked at one radius, of images that are classified rightly.
struct MaskingChecks {
  let measurement: RobustnessMeasurement
  let norm: AttackNorm
  /// Its last radius is the largest that is tried.
  let grid: [Double]

  static let queries = 500

  /// What was found, by the images' places: each is asked on its own, so that those of some images and of others add up to those of
  /// all.
  struct Flags: Sendable, Equatable {
    /// Classified rightly.
    var right: Set<Int> = []
    /// Of these: not changed within the largest radius.
    var unbroken: Set<Int> = []
    var zero: Set<Int> = []
    var more: Set<Int> = []
    var one: Set<Int> = []
    var noise: Set<Int> = []
    var square: Set<Int> = []

    /// By the names that parts know them by.
    static let names: [(name: String, flag: WritableKeyPath<Flags, Set<Int>> & Sendable)] = [
      ("right", \.right), ("unbroken", \.unbroken), ("zero", \.zero), ("more", \.more), ("one", \.one),
      ("noise", \.noise), ("square", \.square),
    ]
  }

  /// - Parameter found: places of images, with the smallest radii that the attack found.
  func flags(
    _ found: [(place: Int, radius: Double?)], at radius: Double, progress: any ProgressReporter
  ) throws -> Flags {
    let right = found.filter { $0.radius != 0 }
    var flags = Flags()
    guard !right.isEmpty else { return flags }
    progress.begin("masking checks", total: 5)
    func broken(_ places: [Int], _ attack: any Attack) throws -> Set<Int> {
      let attempts = try measurement.attempts(
        of: places, by: attack, within: radius, progress: progress)
      try progress.advance(by: 1)
      return Set(zip(places, attempts).filter(\.1).map(\.0))
    }
    flags.right = Set(right.map(\.place))
    flags.unbroken = Set(right.filter { $0.radius == nil }.map(\.place))
    flags.zero = Set(try zeroGradients(right.map(\.place), progress))
    let many = try broken(right.map(\.place), ProjectedGradient(norm: norm))
    let standing = right.filter { !many.contains($0.place) && ($0.radius ?? .infinity) > radius }.map(\.place)
    flags.more = try broken(
      standing, ProjectedGradient(norm: norm, steps: 4 * ProjectedGradient.defaultSteps))
    flags.one = try broken(
      standing, ProjectedGradient(norm: norm, steps: 1, losses: [.crossEntropy], reach: 1))
    flags.noise = try broken(standing, RandomNoise(norm: norm))
    flags.square = try broken(standing, SquareAttack(norm: norm, queries: Self.queries))
    return flags
  }

  /// What the flags of all images come to.
  func result(_ flags: Flags, at radius: Double) -> MaskingResult {
    let (right, largest, zero, more) = (flags.right, flags.unbroken, flags.zero, flags.more)
    let (one, noise, square) = (flags.one, flags.noise, flags.square)
    guard !right.isEmpty else {
      return MaskingResult(
        radius: radius, checks: [], isSuspected: false,
        verdict: "No image is classified rightly: nothing to check.")
    }
    let size = significant(radius, digits: 4, trimming: true)
    let checks = [
      check(
        .queriesBeatGradients, square.count, right.count,
        "Square, without gradients (\(Self.queries) queries), changes \(square.count) of \(right.count) images that gradients did not "
          + "within \(size)."),
      check(
        .moreStepsHelp, more.count, right.count,
        "\(4 * ProjectedGradient.defaultSteps) steps change \(more.count) of \(right.count) images that "
          + "\(ProjectedGradient.defaultSteps) did not."),
      check(
        .zeroGradients, zero.count, right.count,
        "At \(zero.count) of \(right.count) images the cross-entropy's gradient is zero in float32."
      ),
      check(
        .largeRadius, largest.count, right.count,
        "\(largest.count) of \(right.count) images stand within the largest radius, "
          + "\(significant(grid[grid.count - 1], digits: 4, trimming: true))."),
      check(
        .oneStepBeatsMany, one.count, right.count,
        "One step changes \(one.count) of \(right.count) images that many did not."),
      check(
        .randomNoise, noise.count, right.count,
        "Random noise of that size changes \(noise.count) of \(right.count) images that gradients did not."
      ),
    ]
    let suspicious = checks.filter(\.isSuspicious)
    return MaskingResult(
      radius: radius, checks: checks, isSuspected: !suspicious.isEmpty,
      verdict: suspicious.isEmpty
        ? "No sign of gradient masking."
        : "Gradients may be masked, and radii be smaller than they were found: "
          + suspicious.map(\.sentence).joined(separator: " "))
  }

  private func check(_ kind: MaskingCheck.Kind, _ images: Int, _ of: Int, _ sentence: String)
    -> MaskingCheck
  {
    MaskingCheck(
      kind: kind, images: images, of: of,
      isSuspicious: MaskingCheck.isSuspicious(images, of: of), sentence: sentence)
  }

  /// Images at which p_k - [k = label] is zero in float32, or the gradient is.
  private func zeroGradients(_ places: [Int], _ progress: any ProgressReporter) throws -> [Int] {
    var found: [Int] = []
    for start in stride(from: 0, to: places.count, by: 64) {
      let members = Array(places[start..<min(start + 64, places.count)])
      let images = measurement.attacked(members, progress)
      let result = try images.gradients(at: images.clean, of: Array(0..<images.count)) {
        position, logits in
        Self.plainCotangent(logits, label: images.labels[position])
      }
      for (position, gradient) in result.gradients.enumerated()
      where gradient.allSatisfy({ $0 == 0 }) {
        found.append(members[position])
      }
    }
    return found
  }

  /// As everybody computes it in float32: the softmax minus the indicator of the label.
  private static func plainCotangent(_ logits: [Float], label: Int) -> [Float] {
    let largest = logits.max() ?? 0
    let powers = logits.map { Float(exp(Double($0 - largest))) }
    let sum = powers.reduce(0, +)
    return powers.indices.map { powers[$0] / sum - ($0 == label ? 1 : 0) }
  }
}

/// Random images of the ball, for comparison: what no direction is needed for.
struct RandomNoise: Attack {
  let norm: AttackNorm
  var draws = 10

  var record: AttackRecord { AttackRecord(id: "noise-\(norm.rawValue)", queries: draws) }

  func attack(_ images: AttackedImages, within radii: [Double], from starts: [[Float]?]) throws
    -> [Attempt]
  {
    var best = StrongestAttempts(images)
    for draw in 0..<draws {
      let open = best.open
      let tried = open.map { member in
        Ball(norm: norm, centre: images.clean[member], radius: radii[member], range: images.range)
          .random(
            images, "noise \(draw)", place: images.places[member])
      }
      try best.note(tried, of: open, on: images)
    }
    return best.attempts
  }
}
