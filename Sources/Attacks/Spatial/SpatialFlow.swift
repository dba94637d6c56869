import BenchCore
import Foundation
import Tensor

/// Spatially transformed images (Xiao et al. 2018): every pixel is taken from a place nearby, bilinearly, and the field of these
/// displacements is moved by gradient ascent of the margin less 0.05 times its roughness (the sum of lengths of differences between
/// neighbours).
///
/// The paper minimises with L-BFGS and without a bound. Here no displacement is longer than the radius, in pixels along each side, and
/// ascent is by signs, with steps of 2.5 radius / steps.
package struct SpatialFlow: Attack {
  package let norm = AttackNorm.spatial
  package let grid: [Double]? = [0.125, 0.25, 0.5, 1, 2]
  package let steps: Int
  let roughnessWeight = 0.05

  package init(steps: Int = ProjectedGradient.defaultSteps) {
    precondition(steps > 0, "an attack of no steps")
    self.steps = steps
  }

  package var record: AttackRecord {
    AttackRecord(
      id: "spatial-flow", steps: steps, restarts: 1, losses: [AttackLoss.margin.rawValue])
  }

  package func attack(
    _ images: AttackedImages, within radii: [Double], from starts: [[Float]?]
  ) throws -> [Attempt] {
    let shape = images.classifier.inputShape
    guard shape.rank == 3 else { throw AttackError.noPlane(attack: record.id) }
    var best = StrongestAttempts(images)
    let places = shape[1] * shape[2]
    var open = Array(0..<images.count)
    var fields = open.map { _ in [Double](repeating: 0, count: 2 * places) }
    for step in 0...steps where !open.isEmpty {
      let members = open
      let current = zip(members, fields).map {
        Self.moved(images.clean[$0], shape, $1, images.range)
      }
      let result = try images.gradients(at: current, of: members) { position, logits in
        AttackLoss.margin.cotangent(logits, label: images.labels[members[position]], rival: 0)
      }
      var next: [[Double]] = []
      open = []
      for (position, member) in members.enumerated() {
        best.note(current[position], logits: result.logits[position], of: member)
        guard !best.attempts[member].isAdversarial, step < steps else { continue }
        open.append(member)
        next.append(
          stepped(
            fields[position], images.clean[member], shape, result.gradients[position],
            radius: radii[member],
            images.range))
      }
      fields = next
    }
    return best.attempts
  }

  /// Displacements down come first, then those to the right; pixels outside are those of the edge.
  private static func moved(
    _ image: [Float], _ shape: Shape, _ field: [Double], _ range: ClosedRange<Float>?
  ) -> [Float] {
    let (height, width) = (shape[1], shape[2])
    let sampler = BilinearSampler(image: image, shape: shape, outside: 0)
    var result = image
    for row in 0..<height {
      for column in 0..<width {
        let place = row * width + column
        let y = min(max(Double(row) + field[place], 0), Double(height - 1))
        let x = min(max(Double(column) + field[height * width + place], 0), Double(width - 1))
        for channel in 0..<shape[0] {
          result[channel * height * width + place] = sampler.value(channel, y, x)
        }
      }
    }
    if let range {
      for pixel in result.indices {
        result[pixel] = min(max(result[pixel], range.lowerBound), range.upperBound)
      }
    }
    return result
  }

  private func stepped(
    _ field: [Double], _ image: [Float], _ shape: Shape, _ gradient: [Float], radius: Double,
    _ range: ClosedRange<Float>?
  ) -> [Double] {
    let (height, width) = (shape[1], shape[2])
    let count = height * width
    let sampler = BilinearSampler(image: image, shape: shape, outside: 0)
    var slope = [Double](repeating: 0, count: 2 * count)
    for row in 0..<height {
      for column in 0..<width {
        let place = row * width + column
        let y = min(max(Double(row) + field[place], 0), Double(height - 1))
        let x = min(max(Double(column) + field[count + place], 0), Double(width - 1))
        for channel in 0..<shape[0] {
          let sample = sampler.sample(channel, y, x)
          let weight = Double(gradient[channel * count + place])
          slope[place] += weight * sample.down
          slope[count + place] += weight * sample.right
        }
      }
    }
    // Brought to a largest entry of 1, as the scale of logits is free; then less the roughness's derivative.
    let largest = slope.reduce(0) { max($0, abs($1)) }
    if largest > 0 { for place in slope.indices { slope[place] /= largest } }
    for row in 0..<height {
      for column in 0..<width {
        let place = row * width + column
        for neighbour in [
          column + 1 < width ? place + 1 : nil, row + 1 < height ? place + width : nil,
        ] {
          guard let neighbour else { continue }
          let (down, right) = (
            field[place] - field[neighbour], field[count + place] - field[count + neighbour]
          )
          let length = (down * down + right * right + 1e-12).squareRoot()
          for (offset, difference) in [(0, down), (count, right)] {
            slope[offset + place] -= roughnessWeight * difference / length
            slope[offset + neighbour] += roughnessWeight * difference / length
          }
        }
      }
    }
    let length = 2.5 * radius / Double(steps)
    return zip(field, slope).map { value, slope in
      min(max(value + (slope > 0 ? length : slope < 0 ? -length : 0), -radius), radius)
    }
  }
}
