import BenchCore
import Foundation

/// APGD (Croce and Hein 2020): projected gradient ascent with momentum whose step halves by itself.
///
///     z   <- project(x_k + a g),   x_(k+1) <- project(x_k + 0.75 (z - x_k) + 0.25 (x_k - x_(k-1)))
///
/// a starts at twice the radius. At checkpoints (first after 22 % of the steps, then after intervals that shrink by 3 % of them down to
/// 6 %) it is halved, and the best point returned to, where fewer than 75 % of the interval's steps raised the loss, or where neither
/// the step nor the best loss has changed since the checkpoint before.
///
/// Targeted runs aim at each of the classes with the largest logits at the clean image in turn. With four classes or more their loss is
/// the targeted difference of logits ratio, -(z_y - z_t) / (z_(1) - (z_(3) + z_(4)) / 2); with fewer, or where its denominator is zero,
/// that is not defined and the margin z_t - z_y takes its place.
package struct AutoProjectedGradient: Attack {
  package enum Goal: Sendable, Equatable {
    case crossEntropy
    /// At most so many other classes.
    case targeted(Int)
  }

  package static let defaultSteps = 100
  package static let defaultTargets = 9

  package let norm: AttackNorm
  package let goal: Goal
  package let steps: Int
  package let restarts: Int

  package init(norm: AttackNorm, goal: Goal, steps: Int = defaultSteps, restarts: Int = 1) {
    precondition(steps > 0 && restarts > 0, "an attack of no steps")
    self.norm = norm
    self.goal = goal
    self.steps = steps
    self.restarts = restarts
  }

  package var record: AttackRecord {
    switch goal {
    case .crossEntropy:
      AttackRecord(
        id: "apgd-ce-\(norm.rawValue)", steps: steps, restarts: restarts,
        losses: [AttackLoss.crossEntropy.rawValue])
    case .targeted(let count):
      AttackRecord(
        id: "apgd-t-\(norm.rawValue)", steps: steps, restarts: restarts, targets: count,
        losses: ["targeted-dlr"])
    }
  }

  package func attack(
    _ images: AttackedImages, within radii: [Double], from starts: [[Float]?]
  ) throws -> [Attempt] {
    var best = StrongestAttempts(images)
    let everyone = Array(0..<images.count)
    let clean = try images.logits(images.clean, of: everyone)
    let rounds: Int
    switch goal {
    case .crossEntropy: rounds = 1
    case .targeted(let count): rounds = max(1, min(count, images.classCount - 1))
    }
    let ranked = zip(clean, images.labels).map { logits, label in
      logits.indices.filter { $0 != label }.sorted { (-logits[$0], $0) < (-logits[$1], $1) }
    }
    for restart in 0..<restarts {
      for round in 0..<rounds {
        let open = best.open
        guard !open.isEmpty else { return best.attempts }
        try run(
          images, open, radii, starts: restart == 0 && round == 0 ? starts : nil, round: round,
          restart, ranked, &best)
      }
    }
    return best.attempts
  }

  /// One image on its way.
  private struct Walk {
    let member: Int
    let ball: Ball
    let target: Int
    var current: [Float]
    var previous: [Float]
    var gradient: [Float] = []
    var bestImage: [Float]
    var bestGradient: [Float] = []
    var bestLoss = -Double.infinity
    var lastLoss = -Double.infinity
    var step: Double
    var rises = 0
    var stepBefore: Double
    var bestLossBefore = -Double.infinity
    var hasReduced = true
  }

  private func run(
    _ images: AttackedImages, _ open: [Int], _ radii: [Double], starts: [[Float]?]?, round: Int,
    _ restart: Int,
    _ ranked: [[Int]], _ best: inout StrongestAttempts
  ) throws {
    var walks = open.map { member -> Walk in
      let ball = Ball(
        norm: norm, centre: images.clean[member], radius: radii[member], range: images.range)
      let start =
        starts?[member].map(ball.project)
        ?? ball.random(
          images, "\(record.id) start \(restart) \(round)", place: images.places[member])
      return Walk(
        member: member, ball: ball, target: ranked[member][min(round, ranked[member].count - 1)],
        current: start,
        previous: start, bestImage: start, step: 2 * radii[member], stepBefore: 2 * radii[member])
    }
    var interval = max(Int(0.22 * Double(steps)), 1)
    let (shortest, shrinking) = (
      max(Int(0.06 * Double(steps)), 1), max(Int(0.03 * Double(steps)), 1)
    )
    var sinceCheck = 0
    for step in 0...steps {
      let (moving, isTargeted) = (walks, goal != .crossEntropy)
      let result = try images.gradients(at: walks.map(\.current), of: walks.map(\.member)) {
        position, logits in
        let label = images.labels[moving[position].member]
        return isTargeted
          ? Self.targetedCotangent(logits, label: label, target: moving[position].target)
          : AttackLoss.crossEntropy.cotangent(logits, label: label, rival: moving[position].target)
      }
      let isCheck = step > 0 && sinceCheck + 1 == interval
      var next: [Walk] = []
      for (position, walk) in walks.enumerated() {
        var walk = walk
        let logits = result.logits[position]
        best.note(walk.current, logits: logits, of: walk.member)
        guard !best.attempts[walk.member].isAdversarial, step < steps else { continue }
        let label = images.labels[walk.member]
        let loss =
          isTargeted
          ? Self.targetedLoss(logits, label, walk.target) : Self.crossEntropy(logits, label)
        walk.gradient = result.gradients[position]
        if loss > walk.lastLoss, step > 0 { walk.rises += 1 }
        if loss > walk.bestLoss {
          (walk.bestLoss, walk.bestImage, walk.bestGradient) = (loss, walk.current, walk.gradient)
        }
        walk.lastLoss = loss
        if isCheck { check(&walk, interval) }
        advance(&walk, isFirst: step == 0)
        next.append(walk)
      }
      walks = next
      guard !walks.isEmpty else { return }
      if step > 0 { sinceCheck += 1 }
      if isCheck {
        sinceCheck = 0
        interval = max(interval - shrinking, shortest)
      }
    }
  }

  private func check(_ walk: inout Walk, _ interval: Int) {
    let fewRose = Double(walk.rises) <= 0.75 * Double(interval)
    let nothingChanged = !walk.hasReduced && walk.bestLossBefore >= walk.bestLoss
    walk.hasReduced = fewRose || nothingChanged
    walk.bestLossBefore = walk.bestLoss
    walk.rises = 0
    if walk.hasReduced {
      walk.step /= 2
      (walk.current, walk.gradient) = (walk.bestImage, walk.bestGradient)
    }
  }

  private func advance(_ walk: inout Walk, isFirst: Bool) {
    let ball = walk.ball
    let stepped = ball.step(walk.current, along: walk.gradient, length: walk.step)
    let share: Float = isFirst ? 1 : 0.75
    var moved = walk.current
    for pixel in moved.indices {
      moved[pixel] +=
        share * (stepped[pixel] - walk.current[pixel]) + (1 - share)
        * (walk.current[pixel] - walk.previous[pixel])
    }
    walk.previous = walk.current
    walk.current = ball.project(moved)
  }

  private static func crossEntropy(_ logits: [Float], _ label: Int) -> Double {
    // log sum exp(z_k - z_y): of the differences, so that a sure network's losses still differ.
    let differences = logits.indices.filter { $0 != label }.map {
      Double(logits[$0]) - Double(logits[label])
    }
    let largest = max(0, differences.max() ?? 0)
    guard largest == 0 else {
      return largest + log(differences.reduce(exp(-largest)) { $0 + exp($1 - largest) })
    }
    return log1p(differences.reduce(0) { $0 + exp($1) })
  }

  /// The denominator of the targeted ratio, and the places of its logits; nil where it is not defined.
  private static func denominator(_ logits: [Float]) -> (
    value: Double, first: Int, third: Int, fourth: Int
  )? {
    guard logits.count >= 4 else { return nil }
    let order = logits.indices.sorted { (-logits[$0], $0) < (-logits[$1], $1) }
    let value = Double(logits[order[0]]) - (Double(logits[order[2]]) + Double(logits[order[3]])) / 2
    return value > 1e-12 ? (value, order[0], order[2], order[3]) : nil
  }

  static func targetedLoss(_ logits: [Float], _ label: Int, _ target: Int) -> Double {
    let difference = Double(logits[target]) - Double(logits[label])
    return denominator(logits).map { difference / $0.value } ?? difference
  }

  /// Brought to a largest entry of 1; its direction alone is used.
  static func targetedCotangent(_ logits: [Float], label: Int, target: Int) -> [Float] {
    var vector = AttackLoss.difference(target, label, classes: logits.count).map(Double.init)
    if let denominator = denominator(logits) {
      let ratio = (Double(logits[target]) - Double(logits[label])) / denominator.value
      vector[denominator.first] -= ratio
      vector[denominator.third] += ratio / 2
      vector[denominator.fourth] += ratio / 2
    }
    let largest = vector.map(abs).max() ?? 0
    // Zero where the label is third and the like: the margin then leads on.
    guard largest > 1e-9 else { return AttackLoss.difference(target, label, classes: logits.count) }
    return vector.map { Float($0 / largest) }
  }
}
