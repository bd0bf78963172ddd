"Tables of cases that are one test each"
import inspect

def each(names, cases):
    "Like `pytest.mark.parametrize`, but one test: its cases are subtests, which all run and are all reported"
    names = [name.strip() for name in names.split(',')]
    told = [*cases.items()] if isinstance(cases, dict) else [*enumerate(cases)]   # What each case is called
    assert told, 'a table without cases is a test that cannot fail'
    def decorate(test):
        fixtures = [name for name in inspect.signature(test).parameters if name not in names]
        def all_cases(subtests, **given):
            for case, values in told:
                if len(names)==1: values = [values]
                with subtests.test(case=case): test(**given, **dict(zip(names, values, strict=True)))
        takes = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in ('subtests', *fixtures)]
        all_cases.__signature__ = inspect.Signature(takes)
        all_cases.__name__, all_cases.__doc__ = test.__name__, test.__doc__
        return all_cases
    return decorate
