import BenchCore

/// Projected gradient ascent (Madry et al. 2018; L2 with steps of unit direction):
///
///     x <- project(x + a sign(g))    or    x <- project(x + a g / |g|),   a = 2.5 radius / steps
///
/// Each loss has its own run, and each restart all of them. A run begins at what it was given, the first one, or at a random image of
/// the ball; it ends for an image as soon as that is classified wrongly. Of an image that never is, the iterate with the largest lead
/// of another class is kept, not the last one.
package struct ProjectedGradient: Attack {
  package static let defaultSteps = 40
  package static let defaultLosses = [AttackLoss.crossEntropy, .margin]

  package let norm: AttackNorm
  package let steps: Int
  package let restarts: Int
  package let losses: [AttackLoss]
  /// a is this over `steps` times the radius.
  let reach: Double

  package init(
    norm: AttackNorm, steps: Int = defaultSteps, restarts: Int = 1,
    losses: [AttackLoss] = defaultLosses,
    reach: Double = 2.5
  ) {
    precondition(steps > 0 && restarts > 0 && !losses.isEmpty, "an attack of no steps")
    self.norm = norm
    self.steps = steps
    self.restarts = restarts
    self.losses = losses
    self.reach = reach
  }

  package var record: AttackRecord {
    AttackRecord(
      id: "pgd-\(norm.rawValue)", steps: steps, restarts: restarts, losses: losses.map(\.rawValue))
  }

  package func attack(
    _ images: AttackedImages, within radii: [Double], from starts: [[Float]?]
  ) throws -> [Attempt] {
    var best = StrongestAttempts(images)
    let rivals = try images.logits(images.clean, of: Array(0..<images.count)).enumerated().map {
      $1.rival(of: images.labels[$0])
    }
    for restart in 0..<restarts {
      for (index, loss) in losses.enumerated() {
        let run = restart * losses.count + index
        var open = best.open
        guard !open.isEmpty else { return best.attempts }
        var current = open.map { member -> [Float] in
          let ball = ball(images, member, radii)
          if run == 0, let start = starts[member] { return ball.project(start) }
          return ball.random(images, "start \(run)", place: images.places[member])
        }
        for _ in 0..<steps where !open.isEmpty {
          let members = open
          let result = try images.gradients(at: current, of: members) { position, logits in
            loss.cotangent(
              logits, label: images.labels[members[position]], rival: rivals[members[position]])
          }
          var next: [[Float]] = []
          open = []
          for (position, member) in members.enumerated() {
            best.note(current[position], logits: result.logits[position], of: member)
            guard !best.attempts[member].isAdversarial else { continue }
            open.append(member)
            next.append(
              ball(images, member, radii).step(
                current[position], along: result.gradients[position],
                length: reach * radii[member] / Double(steps)))
          }
          current = next
        }
        try best.note(current, of: open, on: images)
      }
    }
    return best.attempts
  }

  private func ball(_ images: AttackedImages, _ member: Int, _ radii: [Double]) -> Ball {
    Ball(norm: norm, centre: images.clean[member], radius: radii[member], range: images.range)
  }
}
