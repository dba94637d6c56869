import BenchCore

/// The smallest radius at which an attack changes the prediction of each image.
///
/// Along a grid with carry-over: what is classified wrongly at one radius is so at all larger ones, because the image found lies in
/// the larger balls too; what is not begins there from its strongest attempt. Then along the segment to the clean image, and by
/// bisection between the largest radius that did not suffice and the size found. What the largest radius does not suffice for is
/// censored.
package struct RadiusSearch: Sendable {
  /// Ascending and positive.
  package let grid: [Double]
  /// Relative width at which the bisection ends; nil for none.
  package let tolerance: Double?

  static let segmentHalvings = 10
  static let bisectionLimit = 40

  package init(grid: [Double], tolerance: Double?) {
    precondition(
      !grid.isEmpty && grid[0] > 0 && zip(grid, grid.dropFirst()).allSatisfy(<), "no ascending grid"
    )
    self.grid = grid
    self.tolerance = tolerance
  }

  /// What was found for one image.
  package struct Found: Sendable, Equatable {
    /// 0 for an image that is misclassified as it is, nil where the largest radius does not suffice.
    package var radius: Double?
    /// The misclassified image, or the strongest attempt within the largest radius.
    package var image: [Float]
  }

  package func run(_ attack: any Attack, on images: AttackedImages) throws -> [Found] {
    let everyone = Array(0..<images.count)
    var state = Brackets(images)
    let clean = try images.logits(images.clean, of: everyone)
    for member in everyone where clean[member].predicted != images.labels[member] {
      state.found(images.clean[member], size: 0, member)
    }
    for radius in attack.isMinimal ? [grid[grid.count - 1]] : grid {
      try trial(
        attack, on: images, state.open, at: [Double](repeating: radius, count: images.count), &state
      )
    }
    let broken = everyone.filter { (state.high[$0] ?? 0) > 0 }
    if tolerance != nil || attack.isMinimal {
      try shorten(broken, images, attack.norm, &state)
    }
    if let tolerance, !attack.isMinimal {
      for _ in 0..<Self.bisectionLimit {
        let members = broken.filter { state.width($0) > tolerance }
        guard !members.isEmpty else { break }
        var radii = [Double](repeating: 0, count: images.count)
        for member in members { radii[member] = state.middle(member) }
        try trial(attack, on: images, members, at: radii, &state)
      }
      try shorten(broken, images, attack.norm, &state)
    }
    return everyone.map { Found(radius: state.high[$0], image: state.images[$0]) }
  }

  /// Attacks some images at one radius each, and narrows their brackets.
  private func trial(
    _ attack: any Attack, on images: AttackedImages, _ members: [Int], at radii: [Double],
    _ state: inout Brackets
  ) throws {
    guard !members.isEmpty else { return }
    let attempts = try attack.attack(
      images.subset(members), within: members.map { radii[$0] },
      from: members.map { state.start($0) })
    // Asked again in a plain forward pass: what counts is what a stranger would see.
    let claimed = attempts.indices.filter { attempts[$0].isAdversarial }
    let logits = try images.logits(
      claimed.map { attempts[$0].image }, of: claimed.map { members[$0] })
    var confirmed = Set<Int>()
    for (position, claim) in claimed.enumerated()
    where logits[position].predicted != images.labels[members[claim]] { confirmed.insert(claim) }
    for (position, member) in members.enumerated() {
      // A movement's size is no distance between images: what is known of it is the radius.
      let size =
        attack.norm == .spatial
        ? radii[member]
        : attack.norm.length(from: images.clean[member], to: attempts[position].image)
      if confirmed.contains(position), size <= radii[member] * (1 + 1e-6) {
        state.found(attempts[position].image, size: min(size, radii[member]), member)
      } else {
        state.notFound(attempts[position].image, at: radii[member], member)
      }
    }
  }

  /// Halves the segment from the clean image to the one found: the nearest misclassified image on it, as far as halving tells.
  private func shorten(
    _ members: [Int], _ images: AttackedImages, _ norm: AttackNorm, _ state: inout Brackets
  ) throws {
    guard norm != .spatial else { return }
    var low = [Float](repeating: 0, count: images.count)
    var high = [Float](repeating: 1, count: images.count)
    let far = state.images
    for _ in 0..<Self.segmentHalvings {
      let trials = members.map { member -> [Float] in
        let share = (low[member] + high[member]) / 2
        return zip(images.clean[member], far[member]).map { $0 + share * ($1 - $0) }
      }
      for (position, logits) in try images.logits(trials, of: members).enumerated() {
        let member = members[position]
        let share = (low[member] + high[member]) / 2
        if logits.predicted != images.labels[member] {
          high[member] = share
          let size = norm.length(from: images.clean[member], to: trials[position])
          state.found(trials[position], size: size, member)
        } else {
          low[member] = share
        }
      }
    }
  }
}

/// Between which radii each image's smallest one lies, as far as the attack can tell.
private struct Brackets {
  /// The largest radius that did not suffice.
  private var low: [Double]
  /// The smallest size found; nil where none was.
  private(set) var high: [Double?]
  /// What was found, or else the strongest attempt.
  private(set) var images: [[Float]]
  private var hasAttempt: [Bool]

  init(_ attacked: AttackedImages) {
    low = [Double](repeating: 0, count: attacked.count)
    high = [Double?](repeating: nil, count: attacked.count)
    images = attacked.clean
    hasAttempt = [Bool](repeating: false, count: attacked.count)
  }

  var open: [Int] { high.indices.filter { high[$0] == nil } }

  func start(_ member: Int) -> [Float]? { hasAttempt[member] ? images[member] : nil }

  /// Relative; 0 where something was found below a radius that did not suffice.
  func width(_ member: Int) -> Double {
    guard let high = high[member], high > 0 else { return 0 }
    return max(0, (high - low[member]) / high)
  }

  /// Where to try next.
  func middle(_ member: Int) -> Double { (low[member] + (high[member] ?? low[member])) / 2 }

  mutating func found(_ image: [Float], size: Double, _ member: Int) {
    if let known = high[member], known <= size { return }
    high[member] = size
    images[member] = image
    hasAttempt[member] = true
  }

  mutating func notFound(_ image: [Float], at radius: Double, _ member: Int) {
    low[member] = max(low[member], radius)
    guard high[member] == nil else { return }
    images[member] = image
    hasAttempt[member] = true
  }
}
