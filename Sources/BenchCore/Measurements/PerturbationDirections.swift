import Tensor

/// Unit directions on and off the tangent space at each image.
///
/// u ~ N(0, I) is split into u_on = T T' u and u_off = u - u_on, and each part is scaled to unit L2 norm (the paper,
/// section 4). Where the tangent space is empty there is no on-manifold direction, and where it is everything no
/// off-manifold one: that part is zero, the step goes nowhere and the sensitivity is 0.
package struct PerturbationDirections: Sendable {
  /// `[N, d]` or `[N, C, H, W]`, as the noise was.
  package let onManifold: Tensor
  package let offManifold: Tensor

  /// - Parameter noise: one vector of d scalars per image.
  package init(noise: Tensor, tangentSpace: TangentBasis) {
    let projected = tangentSpace.projection(of: noise)
    let d = noise.stride
    // At full rank the difference is rounding error, which must not be blown up to a direction.
    let hasOffPart = (0..<noise.batch).map { tangentSpace.dimension(ofImage: $0) < d }
    onManifold = projected.scaledToUnitNorm()
    offManifold = noise.subtracting(projected, where: hasOffPart).scaledToUnitNorm()
  }

  /// Those of an evaluation, from what is shared between models.
  /// - Parameters:
  ///   - range: the images' positions in their set, which decide u with the seed.
  ///   - tangentSpace: that of the manifold at the images.
  init(
    at images: Tensor, range: Range<Int>, seed: UInt64, on manifold: any Manifold, tangentSpace: TangentBasis,
    shared: SharedArrays
  ) {
    let numbers = shared.arrays(
      "directions", of: ["\(manifold.fingerprint ?? "")", "\(seed)", "\(range)"], at: images,
      reuse: manifold.fingerprint == nil ? [] : .later,
      isValid: { $0.compactMap(\.floats).map(\.shape) == [images.shape, images.shape] }
    ) {
      let noise = Tensor.normals(
        RandomStream(seed: seed, name: "perturbation"), range: range, itemShape: images.shape.droppingFirst)
      let directions = PerturbationDirections(noise: noise, tangentSpace: tangentSpace)
      return [.floats(directions.onManifold), .floats(directions.offManifold)]
    }
    guard let onManifold = numbers[0].floats, let offManifold = numbers[1].floats else {
      preconditionFailure("checked when they were found")
    }
    (self.onManifold, self.offManifold) = (onManifold, offManifold)
  }
}

extension TangentBasis {
  /// The tangent spaces spanned by given vectors, which need be neither orthonormal nor independent: each set is
  /// orthonormalised by QR with column pivoting, and directions below the rank tolerance are dropped.
  /// - Parameter vectors: `[N, k, d]`.
  package init(orthonormalizing vectors: Tensor) throws {
    precondition(vectors.shape.rank == 3, "tangent vectors are [N, k, d], not \(vectors.shape)")
    let (k, d) = (vectors.shape[1], vectors.shape[2])
    let bases = try (0..<vectors.batch).map { image in
      let basis = try Matrix(rows: k, columns: d, scalars: vectors.item(image).map(Double.init)).orthonormalRowBasis()
      return Tensor(shape: [basis.rows, d], scalars: basis.scalars.map(Float.init))
    }
    self.init(bases: bases, assignment: Array(bases.indices))
  }
}

extension Tensor {
  /// Each item divided by its L2 norm; an item of zeros stays zero.
  package func scaledToUnitNorm() -> Tensor {
    scalingItems { item in
      let norm = squaredNorm(item).squareRoot()
      return norm > 0 ? 1 / norm : 0
    }
  }

  /// Each item divided by its largest absolute value; an item of zeros stays zero.
  func scaledToUnitMaximum() -> Tensor {
    scalingItems { item in
      let largest = item.reduce(Float(0)) { max($0, abs($1)) }
      return largest > 0 ? 1 / Double(largest) : 0
    }
  }

  private func scalingItems(by factor: (Slice<UnsafeBufferPointer<Float>>) -> Double) -> Tensor {
    Tensor(shape: shape) { output in
      scalars.withUnsafeBufferPointer { scalars in
        for index in 0..<batch {
          let item = index * stride..<(index + 1) * stride
          let factor = factor(scalars[item])
          for position in item { output[position] = Float(Double(scalars[position]) * factor) }
        }
      }
    }
  }

  /// self - other; zero for the items where `condition` is false.
  func subtracting(_ other: Tensor, where condition: [Bool]? = nil) -> Tensor {
    precondition(shape == other.shape, "\(shape) minus \(other.shape)")
    return Tensor(shape: shape) { output in
      for index in 0..<batch {
        let used = condition?[index] ?? true
        for position in index * stride..<(index + 1) * stride {
          output[position] = used ? scalars[position] - other.scalars[position] : 0
        }
      }
    }
  }

  /// Items in another order, or some of them.
  package func items(_ indices: [Int]) -> Tensor {
    Tensor(shape: shape.droppingFirst.prepending(indices.count), scalars: indices.flatMap { item($0) })
  }

  /// N vectors of standard normal numbers, each a function of the image's position alone.
  package static func normals(
    _ stream: RandomStream, range: Range<Int>, itemShape: Shape, scale: Double = 1
  ) -> Tensor {
    normals(stream, range: range, itemShape: itemShape, draws: 0..<1, scale: scale)[0]
  }

  /// Several of them for each image: some of the draws that the image has in all.
  package static func normals(
    _ stream: RandomStream, range: Range<Int>, itemShape: Shape, draws: Range<Int>, scale: Double = 1
  ) -> [Tensor] {
    let count = itemShape.count
    let values = range.map {
      stream.normals(item: $0, positions: draws.lowerBound * count..<draws.upperBound * count)
    }
    return draws.indices.map { draw in
      let first = (draw - draws.lowerBound) * count
      return Tensor(
        shape: itemShape.prepending(range.count),
        scalars: values.flatMap { image in image[first..<first + count].map { Float(scale * $0) } })
    }
  }
}

/// Sum of squares, in double precision.
package func squaredNorm(_ values: some Sequence<Float>) -> Double {
  values.reduce(0) { $0 + Double($1) * Double($1) }
}

/// In double precision.
package func innerProduct(_ first: ArraySlice<Float>, _ second: ArraySlice<Float>) -> Double {
  zip(first, second).reduce(0) { $0 + Double($1.0) * Double($1.1) }
}
