#include "runtime/cuda/kernel_text.h"

namespace alpa::cuda
{

const char* const kKernelPrelude = R"CUDA(
struct bf16 { unsigned short bits; };
struct f16 { unsigned short bits; };
struct pred { unsigned char bits; };
typedef signed char s8; typedef short s16; typedef int s32; typedef long long s64;
typedef unsigned char u8; typedef unsigned short u16; typedef unsigned u32; typedef unsigned long long u64;
typedef float f32; typedef double f64;
#define DIV(x, c) static_cast<I>(static_cast<U>(x) / static_cast<U>(c))
#define MOD(x, c) static_cast<I>(static_cast<U>(x) % static_cast<U>(c))
#define DEVICE __device__ __forceinline__

template <class S, int V> struct alignas(sizeof(S) * V > 16 ? 16 : sizeof(S) * V) Pack { S at[V]; };

DEVICE float decode(bf16 x) { return __uint_as_float(static_cast<unsigned>(x.bits) << 16); }
DEVICE float decode(f16 x) { float r; asm("cvt.f32.f16 %0, %1;" : "=f"(r) : "h"(x.bits)); return r; }
DEVICE bool decode(pred x) { return x.bits != 0; }
template <class T> DEVICE T decode(T x) { return x; }

template <class S> struct Encode { template <class T> static DEVICE S of(T x) { return static_cast<S>(x); } };
template <> struct Encode<bf16> {
    static DEVICE bf16 of(float x) { bf16 r; asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(r.bits) : "f"(x)); return r; }
};
template <> struct Encode<f16> {
    static DEVICE f16 of(float x) { f16 r; asm("cvt.rn.f16.f32 %0, %1;" : "=h"(r.bits) : "f"(x)); return r; }
};
template <> struct Encode<pred> {
    template <class T> static DEVICE pred of(T x) { pred r; r.bits = x != T(0) ? 1 : 0; return r; }
};

template <int V, class S, class C> DEVICE void loadPack(const S* from, C (&to)[V])
{
    const Pack<S, V> pack = *reinterpret_cast<const Pack<S, V>*>(from);
#pragma unroll
    for (int l = 0; l < V; ++l) to[l] = decode(pack.at[l]);
}
template <int V, class S, class C> DEVICE void storePack(S* to, const C (&from)[V])
{
    Pack<S, V> pack;
#pragma unroll
    for (int l = 0; l < V; ++l) pack.at[l] = Encode<S>::of(from[l]);
    *reinterpret_cast<Pack<S, V>*>(to) = pack;
}

// Floats.
DEVICE float opAbs(float a) { return fabsf(a); }
DEVICE double opAbs(double a) { return fabs(a); }
template <class T> DEVICE T opAbs(T a) { return a < T(0) ? static_cast<T>(T(0) - a) : a; }
template <class T> DEVICE T opSign(T a) { return a != a ? a : static_cast<T>((a > T(0)) - (a < T(0))); }
#define UNARY(NAME, FLOAT, DOUBLE) \
    DEVICE float NAME(float a) { return FLOAT; } \
    DEVICE double NAME(double a) { return DOUBLE; }
UNARY(opCeil, ceilf(a), ceil(a))
UNARY(opCosine, cosf(a), cos(a))
UNARY(opErf, erff(a), erf(a))
UNARY(opExp, expf(a), exp(a))
UNARY(opExpm1, expm1f(a), expm1(a))
UNARY(opFloor, floorf(a), floor(a))
UNARY(opLog, logf(a), log(a))
UNARY(opLog1p, log1pf(a), log1p(a))
UNARY(opLogistic, 1.0f / (1.0f + expf(-a)), 1.0 / (1.0 + exp(-a)))
UNARY(opRound, rintf(a), rint(a))
UNARY(opRsqrt, rsqrtf(a), rsqrt(a))
UNARY(opSine, sinf(a), sin(a))
UNARY(opSqrt, sqrtf(a), sqrt(a))
UNARY(opTanh, tanhf(a), tanh(a))
// For results of 8 significant bits: 11 are enough.
DEVICE float fastTanh(float a) { float r; asm("tanh.approx.f32 %0, %1;" : "=f"(r) : "f"(a)); return r; }
DEVICE float fastExp(float a) { return __expf(a); }
DEVICE bool opIsFinite(float a) { return isfinite(a); }
DEVICE bool opIsFinite(double a) { return isfinite(a); }

DEVICE float opDivide(float a, float b) { return a / b; }
DEVICE double opDivide(double a, double b) { return a / b; }
// Integers: truncated; by zero all ones, as XLA has it.
template <class T> DEVICE T opDivide(T a, T b)
{
    if (b == T(0)) return static_cast<T>(-1);
    if (T(-1) < T(0) && b == T(-1)) return static_cast<T>(T(0) - a);
    return static_cast<T>(a / b);
}
DEVICE float opRemainder(float a, float b) { return fmodf(a, b); }
DEVICE double opRemainder(double a, double b) { return fmod(a, b); }
template <class T> DEVICE T opRemainder(T a, T b)
{
    if (b == T(0)) return a;
    if (T(-1) < T(0) && b == T(-1)) return T(0);
    return static_cast<T>(a % b);
}
DEVICE float opPower(float a, float b) { return powf(a, b); }
DEVICE double opPower(double a, double b) { return pow(a, b); }
template <class T> DEVICE T opPower(T a, T b)
{
    if (b < T(0)) return a == T(1) ? T(1) : a == T(-1) ? (b % T(2) != T(0) ? a : T(1)) : T(0);
    T result = 1;
    for (; b != T(0); b = static_cast<T>(b >> 1), a = static_cast<T>(a * a))
        if ((b & T(1)) != T(0)) result = static_cast<T>(result * a);
    return result;
}
// NaN if either is.
template <class T> DEVICE T opMaximum(T a, T b) { return a >= b || a != a ? a : b; }
template <class T> DEVICE T opMinimum(T a, T b) { return a <= b || a != a ? a : b; }
DEVICE float opMaximum(float a, float b) { float r; asm("max.NaN.f32 %0, %1, %2;" : "=f"(r) : "f"(a), "f"(b)); return r; }
DEVICE float opMinimum(float a, float b) { float r; asm("min.NaN.f32 %0, %1, %2;" : "=f"(r) : "f"(a), "f"(b)); return r; }
template <class T> DEVICE T opAdd(T a, T b) { return static_cast<T>(a + b); }
template <class T> DEVICE T opMultiply(T a, T b) { return static_cast<T>(a * b); }
template <class T> DEVICE T opAnd(T a, T b) { return static_cast<T>(a & b); }
template <class T> DEVICE T opOr(T a, T b) { return static_cast<T>(a | b); }
template <class T> DEVICE T opNot(T a) { return static_cast<T>(~a); }
DEVICE bool opNot(bool a) { return !a; }
template <class D, class S> DEVICE D bitsAs(S x) { union { S from; D to; } bits; bits.from = x; return bits.to; }
template <int B> struct UnsignedOf { typedef u64 type; };
template <> struct UnsignedOf<1> { typedef u8 type; };
template <> struct UnsignedOf<2> { typedef u16 type; };
template <> struct UnsignedOf<4> { typedef u32 type; };
template <class T> DEVICE u64 bitsOf(T a) { return static_cast<typename UnsignedOf<sizeof(T)>::type>(a); }
template <class T> DEVICE bool isWholeShift(T by) { return static_cast<u64>(by) >= sizeof(T) * 8; }
template <class T> DEVICE T opShiftLeft(T a, T b) { return isWholeShift(b) ? T(0) : static_cast<T>(bitsOf(a) << b); }
template <class T> DEVICE T opShiftRightLogical(T a, T b) { return isWholeShift(b) ? T(0) : static_cast<T>(bitsOf(a) >> b); }
template <class T> DEVICE T opShiftRight(T a, T b) { return static_cast<T>(a >> (isWholeShift(b) ? static_cast<T>(sizeof(T) * 8 - 1) : b)); }
template <class T> DEVICE T opPopulationCount(T a) { return static_cast<T>(__popcll(bitsOf(a))); }
template <class T> DEVICE T opNegate(T a) { return static_cast<T>(T(0) - a); }
DEVICE float opNegate(float a) { return -a; }
DEVICE double opNegate(double a) { return -a; }
template <class I> DEVICE I opBound(I x, I low, I high) { return x < low ? low : x > high ? high : x; }
template <class T> DEVICE T shuffleDown(T x, int by) { return __shfl_down_sync(0xffffffffu, x, by); }
DEVICE bool shuffleDown(bool x, int by) { return __shfl_down_sync(0xffffffffu, static_cast<int>(x), by) != 0; }
DEVICE s8 shuffleDown(s8 x, int by) { return static_cast<s8>(__shfl_down_sync(0xffffffffu, static_cast<int>(x), by)); }
DEVICE u8 shuffleDown(u8 x, int by) { return static_cast<u8>(__shfl_down_sync(0xffffffffu, static_cast<int>(x), by)); }
DEVICE s16 shuffleDown(s16 x, int by) { return static_cast<s16>(__shfl_down_sync(0xffffffffu, static_cast<int>(x), by)); }
DEVICE u16 shuffleDown(u16 x, int by) { return static_cast<u16>(__shfl_down_sync(0xffffffffu, static_cast<int>(x), by)); }
)CUDA";

} // namespace alpa::cuda
