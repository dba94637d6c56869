#if arch(x86_64)
  import CCPUFeatures
#endif

/// What the numerical kernels are compiled for; chosen once, at run time, so that one binary runs on every processor.
package enum InstructionSet: String, Sendable, CaseIterable {
  case portable
  case avx2
  case avx512

  /// What this processor and system can run, the fastest last.
  package static let available: [InstructionSet] = allCases.filter(\.isSupported)

  /// The fastest available.
  package static let best = available.last ?? .portable

  private var isSupported: Bool {
    #if arch(x86_64)
      switch self {
      case .portable: return true
      case .avx2: return Self.isActive([x86_cpu_AVX2, x86_cpu_FMA])
      case .avx512:
        return Self.isActive([
          x86_cpu_AVX2, x86_cpu_FMA, x86_cpu_AVX512F, x86_cpu_AVX512VL, x86_cpu_AVX512BW, x86_cpu_AVX512DQ,
        ])
      }
    #else
      return self == .portable
    #endif
  }

  #if arch(x86_64)
    private static func isActive(_ features: [Int]) -> Bool {
      features.allSatisfy { x86_cpu_active(UInt32($0)) }
    }
  #endif
}
